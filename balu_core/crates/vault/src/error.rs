//! Why bytes are refused.

/// A refusal. None of them says which byte of a key or tag was wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The header is not one, or its own checksum does not fit.
    #[error("this is not a file of a vault, or its header is damaged")]
    Header,
    /// The file belongs to another vault.
    #[error("the file belongs to another vault")]
    OtherVault,
    /// The header names a version of the vault's key that is not at hand.
    #[error("the key this file was wrapped with is not at hand")]
    NoKey,
    /// A tag, a commitment or a length is wrong: changed, cut, reordered, or another key.
    #[error("the encrypted bytes are damaged")]
    Damaged,
    /// More than 2^38 chunks.
    #[error("the file is too long for a vault")]
    TooLong,
    /// A name that would have more than 255 bytes when encrypted.
    #[error("the name is too long for a vault")]
    NameTooLong,
    /// The system has no random bytes.
    #[error("the system has no random bytes")]
    Random,
}

/// What may be refused.
pub type Result<T, E = Error> = std::result::Result<T, E>;
