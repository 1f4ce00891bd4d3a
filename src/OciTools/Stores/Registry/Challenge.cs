namespace OciTools.Stores.Registry;

/// <summary>One challenge of a <c>WWW-Authenticate</c> header (RFC 9110, section 11.6.1).</summary>
/// <param name="Scheme">The scheme, as written.</param>
/// <param name="Parameters">Its parameters, names without case.</param>
internal sealed record Challenge(string Scheme, IReadOnlyDictionary<string, string> Parameters)
{
    internal bool IsBearer => Scheme.Equals("Bearer", StringComparison.OrdinalIgnoreCase);

    internal bool IsBasic => Scheme.Equals("Basic", StringComparison.OrdinalIgnoreCase);

    internal string? Realm => Parameters.GetValueOrDefault("realm");

    internal string? Service => Parameters.GetValueOrDefault("service");

    internal string? Scope => Parameters.GetValueOrDefault("scope") is { Length: > 0 } scope ? scope : null;
}
