namespace OciTools;

/// <summary>What sort of failure an <see cref="OciException"/> stands for. A front end maps it to its own categories.</summary>
public enum ErrorKind
{
    /// <summary>A name, digest, platform or option does not parse.</summary>
    InvalidName,

    /// <summary>A repository, tag, digest, file or platform is not there.</summary>
    NotFound,

    /// <summary>Credentials are missing or were refused.</summary>
    Unauthorized,

    /// <summary>The account is known and may not do this.</summary>
    Forbidden,

    /// <summary>The server asks to be left alone for a while.</summary>
    RateLimited,

    /// <summary>Refused by this library for safety: a realm, a redirect, a certificate, a link that leaves its place.</summary>
    Refused,

    /// <summary>Bytes are not what their digest or size says.</summary>
    Integrity,

    /// <summary>Content breaks its specification or can be read two ways.</summary>
    Malformed,

    /// <summary>Content or a place that this library does not handle.</summary>
    Unsupported,

    /// <summary>The other side cannot be reached.</summary>
    Unreachable,

    /// <summary>The other side did not answer in time.</summary>
    Timeout,

    /// <summary>The other side answered in a way that its protocol does not allow.</summary>
    Protocol,

    /// <summary>The other side is there and cannot serve now.</summary>
    Unavailable,

    /// <summary>Something is already there, or is not in the state the operation needs.</summary>
    Conflict,

    /// <summary>A local file cannot be read.</summary>
    ReadFailed,

    /// <summary>A local file cannot be written.</summary>
    WriteFailed,

    /// <summary>A defect of this library.</summary>
    Defect,
}
