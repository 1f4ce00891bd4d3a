namespace OciTools.Stores.Http;

/// <summary>What an IP address stands for, as far as it matters for following an address that a server names.</summary>
internal enum AddressKind
{
    /// <summary>A public address.</summary>
    Public,

    /// <summary>This computer: 127/8, 0/8 (which connects to it), ::1, ::.</summary>
    Loopback,

    /// <summary>A private network: RFC 1918, RFC 6598, RFC 4193, site-local.</summary>
    Private,

    /// <summary>Link-local, or the metadata service of a cloud.</summary>
    LinkLocal,

    /// <summary>Nothing that a server can have: multicast, broadcast, reserved.</summary>
    Reserved,
}
