namespace OciTools.Stores.Registry;

/// <summary>What may be sent to the token server that a registry names.</summary>
internal enum RealmDecision
{
    /// <summary>Nothing: the address is not even asked.</summary>
    Refuse,

    /// <summary>A request without any credential.</summary>
    AnonymousOnly,

    /// <summary>The credential of the registry.</summary>
    SendCredentials,
}
