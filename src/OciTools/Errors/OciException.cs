namespace OciTools;

/// <summary>
/// The base of every error that OciTools reports. The message says what failed, where and why;
/// <see cref="Recommendation"/> says what to do; <see cref="ErrorId"/> is stable and listed in <see cref="ErrorCatalogue"/>.
/// </summary>
public abstract class OciException : Exception
{
    private protected OciException(ErrorDefinition definition, string message, Exception? inner, string? recommendation)
        : base(message, inner)
    {
        Definition = definition;
        Recommendation = recommendation ?? definition.Recommendation;
    }

    /// <summary>The entry of the catalogue that this error belongs to.</summary>
    public ErrorDefinition Definition { get; }

    /// <summary>The stable identifier, PascalCase, never localised.</summary>
    public string ErrorId => Definition.Id;

    /// <summary>The sort of failure.</summary>
    public ErrorKind Kind => Definition.Kind;

    /// <summary>What the user can do about it.</summary>
    public string Recommendation { get; }

    /// <summary>Whether it says what is wrong with an image, or that it is not there; otherwise the image could not be looked at.</summary>
    internal bool IsVerdict => Kind is ErrorKind.Integrity or ErrorKind.Malformed || ErrorId == ErrorCatalogue.TooLarge.Id || IsAbsence;

    /// <summary>Whether the same request may be answered in another way a little later.</summary>
    internal bool IsPassing => Kind is ErrorKind.Unreachable or ErrorKind.Timeout or ErrorKind.Unavailable;

    private bool IsAbsence => ErrorId == ErrorCatalogue.ImageNotFound.Id || ErrorId == ErrorCatalogue.BlobNotFound.Id
        || ErrorId == ErrorCatalogue.PlatformNotFound.Id || ErrorId == ErrorCatalogue.PathNotFound.Id;
}

/// <summary>Something that was asked for is not there.</summary>
public sealed class NotFoundException : OciException
{
    internal NotFoundException(ErrorDefinition definition, string message, Exception? inner, string? recommendation)
        : base(definition, message, inner, recommendation) { }

    /// <summary>The digests of the blobs that a registry does not have and says so; empty where it does not say which.</summary>
    internal IReadOnlyList<string> Missing { get; init; } = [];
}

/// <summary>Credentials are missing, were refused, or do not suffice.</summary>
public sealed class AccessException : OciException
{
    internal AccessException(ErrorDefinition definition, string message, Exception? inner, string? recommendation)
        : base(definition, message, inner, recommendation) { }
}

/// <summary>Refused for safety, or because it is larger than anything of its kind.</summary>
public sealed class RefusedException : OciException
{
    internal RefusedException(ErrorDefinition definition, string message, Exception? inner, string? recommendation)
        : base(definition, message, inner, recommendation) { }
}

/// <summary>Bytes are not what their digest or size says.</summary>
public sealed class IntegrityException : OciException
{
    internal IntegrityException(ErrorDefinition definition, string message, Exception? inner, string? recommendation)
        : base(definition, message, inner, recommendation) { }

    /// <summary>The digest, the size in bytes or the statement that was to be proved; null where there is no single one.</summary>
    public string? Expected { get; init; }

    /// <summary>What was found instead; null where there is no single one.</summary>
    public string? Actual { get; init; }
}

/// <summary>A name or a document does not follow its grammar, or can be read two ways.</summary>
public sealed class MalformedException : OciException
{
    internal MalformedException(ErrorDefinition definition, string message, Exception? inner, string? recommendation)
        : base(definition, message, inner, recommendation) { }
}

/// <summary>Content or a place that this library does not handle.</summary>
public sealed class UnsupportedException : OciException
{
    internal UnsupportedException(ErrorDefinition definition, string message, Exception? inner, string? recommendation)
        : base(definition, message, inner, recommendation) { }
}

/// <summary>The other side cannot be reached, does not answer in time, asks to wait, or answers outside its protocol.</summary>
public sealed class UnreachableException : OciException
{
    internal UnreachableException(ErrorDefinition definition, string message, Exception? inner, string? recommendation)
        : base(definition, message, inner, recommendation) { }

    /// <summary>When the server said to try again, if it did.</summary>
    public DateTimeOffset? RetryAt { get; init; }
}

/// <summary>A failure that nobody foresaw: a defect of OciTools.</summary>
public sealed class DefectException : OciException
{
    internal DefectException(ErrorDefinition definition, string message, Exception? inner, string? recommendation)
        : base(definition, message, inner, recommendation) { }
}

/// <summary>Something is already there, or local files cannot be read or written.</summary>
public sealed class ConflictException : OciException
{
    internal ConflictException(ErrorDefinition definition, string message, Exception? inner, string? recommendation)
        : base(definition, message, inner, recommendation) { }
}
