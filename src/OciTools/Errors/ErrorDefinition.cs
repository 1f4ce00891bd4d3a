namespace OciTools;

/// <summary>One entry of <see cref="ErrorCatalogue"/>: an id, its kind, and what to do about it unless the place that fails knows better.</summary>
public sealed class ErrorDefinition
{
    internal ErrorDefinition(string id, ErrorKind kind, string recommendation)
    {
        Id = id;
        Kind = kind;
        Recommendation = recommendation;
    }

    /// <summary>The stable identifier, PascalCase.</summary>
    public string Id { get; }

    /// <summary>The sort of failure.</summary>
    public ErrorKind Kind { get; }

    /// <summary>What the user can do, in one or two sentences.</summary>
    public string Recommendation { get; }

    /// <summary>Makes the exception of this entry's kind.</summary>
    /// <param name="message">What failed, where and why. Text from outside is cleaned by the caller with <see cref="DisplayText.Clean"/>.</param>
    /// <param name="inner">The cause, if there is one.</param>
    /// <param name="recommendation">What to do, where the place that fails knows better than the catalogue.</param>
    public OciException Error(string message, Exception? inner = null, string? recommendation = null) => Kind switch
    {
        ErrorKind.NotFound => new NotFoundException(this, message, inner, recommendation),
        ErrorKind.Unauthorized or ErrorKind.Forbidden => new AccessException(this, message, inner, recommendation),
        ErrorKind.Refused => new RefusedException(this, message, inner, recommendation),
        ErrorKind.Integrity => new IntegrityException(this, message, inner, recommendation),
        ErrorKind.InvalidName or ErrorKind.Malformed => new MalformedException(this, message, inner, recommendation),
        ErrorKind.Unsupported => new UnsupportedException(this, message, inner, recommendation),
        ErrorKind.Conflict or ErrorKind.ReadFailed or ErrorKind.WriteFailed => new ConflictException(this, message, inner, recommendation),
        ErrorKind.Defect => new DefectException(this, message, inner, recommendation),
        _ => new UnreachableException(this, message, inner, recommendation),
    };

    /// <summary>Makes the exception for bytes that are not what they should be.</summary>
    /// <param name="message">What failed, where and why.</param>
    /// <param name="expected">The digest or size that they should have.</param>
    /// <param name="actual">The one that they have.</param>
    internal IntegrityException Mismatch(string message, string expected, string actual) => new(this, message, null, null) { Expected = expected, Actual = actual };

    /// <summary>The id.</summary>
    public override string ToString() => Id;
}
