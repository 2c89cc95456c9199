//! facts about providers: operations, actions, resources and what can be observed
