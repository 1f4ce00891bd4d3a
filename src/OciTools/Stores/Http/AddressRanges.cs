using System.Buffers.Binary;
using System.Collections.Frozen;
using System.Net;
using System.Net.Sockets;

namespace OciTools.Stores.Http;

/// <summary>Sorts IP addresses into kinds. An IPv4 address inside an IPv6 one (mapped, compatible, NAT64, 6to4) counts as what it is.</summary>
internal static class AddressRanges
{
    private static readonly IPAddress s_awsMetadata = IPAddress.Parse("fd00:ec2::254");

    private static readonly FrozenSet<string> s_metadataNames =
        FrozenSet.ToFrozenSet(["metadata", "metadata.google.internal", "metadata.goog", "instance-data", "instance-data.ec2.internal"], StringComparer.Ordinal);

    /// <summary>The kind of an address.</summary>
    /// <param name="address">IPv4 or IPv6.</param>
    public static AddressKind KindOf(IPAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        Span<byte> bytes = stackalloc byte[16];
        if (!address.TryWriteBytes(bytes, out int count)) return AddressKind.Reserved;
        if (address.AddressFamily == AddressFamily.InterNetwork) return KindOf4(bytes[..count]);

        if (address.IsIPv6LinkLocal) return AddressKind.LinkLocal;
        if (address.IsIPv6Multicast) return AddressKind.Reserved;
        if (IPAddress.IPv6Loopback.Equals(address) || IPAddress.IPv6Any.Equals(address)) return AddressKind.Loopback;
        if (Embedded(bytes) is { } at) return KindOf4(bytes.Slice(at, 4));
        if (new IPAddress(bytes).Equals(s_awsMetadata)) return AddressKind.LinkLocal;
        return address.IsIPv6UniqueLocal || address.IsIPv6SiteLocal ? AddressKind.Private : AddressKind.Public;
    }

    /// <summary>The host of an address as it is compared: in lower case, without brackets and without a dot at its end; an IP address in its usual form.</summary>
    internal static string HostOf(Uri address)
    {
        string host = address.IdnHost.Trim('[', ']').ToLowerInvariant();
        if (host.EndsWith('.')) host = host[..^1];
        return IPAddress.TryParse(host, out IPAddress? ip) ? ip.ToString() : host;
    }

    /// <summary>The kind of a host, as <see cref="HostOf"/> gives it, by its text alone. What a name stands for is only known when it is resolved, here or by a proxy.</summary>
    internal static AddressKind KindOf(string host)
    {
        if (IPAddress.TryParse(host, out IPAddress? ip)) return KindOf(ip);
        if (s_metadataNames.Contains(host)) return AddressKind.LinkLocal;
        return host == "localhost" || host.EndsWith(".localhost", StringComparison.Ordinal) ? AddressKind.Loopback : AddressKind.Public;
    }

    private static AddressKind KindOf4(ReadOnlySpan<byte> b)
    {
        uint value = BinaryPrimitives.ReadUInt32BigEndian(b);
        return b[0] switch
        {
            0 or 127 => AddressKind.Loopback,
            169 when b[1] == 254 => AddressKind.LinkLocal,
            // the metadata services of Alibaba Cloud and Azure lie outside the link-local range
            100 when value == 0x6464_64C8 => AddressKind.LinkLocal,
            168 when value == 0xA83F_8110 => AddressKind.LinkLocal,
            10 => AddressKind.Private,
            172 when (b[1] & 0xF0) == 16 => AddressKind.Private,
            192 when b[1] == 168 => AddressKind.Private,
            100 when (b[1] & 0xC0) == 64 => AddressKind.Private,
            >= 224 => AddressKind.Reserved,
            _ => AddressKind.Public,
        };
    }

    private static int? Embedded(ReadOnlySpan<byte> b)
    {
        if (b[..10].IndexOfAnyExcept((byte)0) < 0 && (b[10], b[11]) is (0, 0) or (0xFF, 0xFF)) return 12;
        if (b[..4].SequenceEqual<byte>([0x00, 0x64, 0xFF, 0x9B]) && b[4..12].IndexOfAnyExcept((byte)0) < 0) return 12;
        return b[0] == 0x20 && b[1] == 0x02 ? 2 : null;
    }
}
