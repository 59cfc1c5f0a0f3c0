//! The options, typed, with their defaults. Plain data: reading files is `config`'s.

use serde::{Deserialize, Serialize};
