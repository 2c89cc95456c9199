//! Facts about providers: which permissions an operation needs, on which resources, and what can be observed.
//!
//! The facts are generated from pinned sources into committed tables (`cargo xtask catalog`), which are part
//! of the library and decoded once: the [`Catalog`], and the [`Routes`] by which requests are named. Every row tells its
//! [`Provenance`]. What the sources do not tell is [`Resolution::Unknown`]: the catalog never guesses, and it never names an
//! action that does not exist.
//!
//! ```
//! use remit_catalog::{Catalog, Resolution};
//! let catalog = Catalog::embedded()?;
//! let id = catalog.find("S3:getobject").unwrap();
//! assert_eq!(catalog.action(id).unwrap().full_name(), "s3:GetObject");
//! let Resolution::Known(operation) = catalog.operation("lambda", "CreateFunction20150331") else { panic!() };
//! assert_eq!(operation.name, "CreateFunction");
//! # Ok::<(), remit_catalog::CatalogError>(())
//! ```

mod action;
mod arn;
mod catalog;
mod cursor;
mod error;
pub mod kubernetes;
mod label;
mod needs;
mod operation;
mod parameter;
mod partition;
mod provenance;
mod resource_type;
mod route;
mod routes;
mod table;
mod template;
mod transform;
mod visibility;

pub use action::{AccessLevel, Action, ActionId, ResourceType, ResourceUse};
pub use catalog::Catalog;
pub use error::CatalogError;
pub use needs::{Call, Certainty, Need, Scope};
pub use operation::{Operation, Reading, Requirement, Resolution, When};
pub use parameter::{ParameterPath, ParameterUse};
pub use partition::{is_account, partition_of};
pub use provenance::Provenance;
pub use route::{Constraint, Request, Route, RoutedOperation, Segment};
pub use routes::{Candidates, RoutedService, Routes};
pub use template::{Place, Template};
pub use visibility::Visibility;
