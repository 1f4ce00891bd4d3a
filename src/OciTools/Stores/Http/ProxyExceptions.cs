using System.Globalization;
using System.Net;

namespace OciTools.Stores.Http;

/// <summary>
/// The list in <c>NO_PROXY</c>: <c>*</c>, hosts (which cover the names below them), <c>.suffix</c> and <c>*.suffix</c> (which cover only
/// those), addresses, networks as CIDR; hosts and addresses may name a port.
/// </summary>
internal sealed class ProxyExceptions
{
    private readonly bool _all;
    private readonly List<IPNetwork> _networks = [];
    private readonly List<(IPAddress Address, int Port)> _addresses = [];
    private readonly List<(string Name, int Port, bool Itself)> _names = [];

    internal ProxyExceptions(string? list)
    {
        foreach (string entry in (list ?? "").Split([',', ' ', '\t', '\r', '\n'], StringSplitOptions.RemoveEmptyEntries))
        {
            if (entry == "*") _all = true;
            else if (IPNetwork.TryParse(entry, out IPNetwork network)) _networks.Add(network);
            else if (TryNetwork(entry, out network)) _networks.Add(network);
            // the framework takes [::1]:5000 for an address and drops the port
            else if ((!entry.StartsWith('[') || entry.EndsWith(']')) && IPAddress.TryParse(entry, out IPAddress? address)) _addresses.Add((Plain(address), 0));
            else AddWithPort(entry);
        }
    }

    /// <summary>Whether a destination is asked directly.</summary>
    internal bool Contains(Uri destination)
    {
        string host = AddressRanges.HostOf(destination);
        if (host == "localhost") return true;
        if (IPAddress.TryParse(host, out IPAddress? address)) return _all || Contains(Plain(address), destination.Port);
        if (_all) return true;

        foreach ((string name, int port, bool itself) in _names)
        {
            if (port != 0 && port != destination.Port) continue;
            if (itself && host == name) return true;
            if (host.Length > name.Length + 1 && host[^(name.Length + 1)] == '.' && host.EndsWith(name, StringComparison.Ordinal)) return true;
        }

        return false;
    }

    private bool Contains(IPAddress address, int port)
    {
        if (IPAddress.IsLoopback(address)) return true;
        foreach (IPNetwork network in _networks)
            if (network.Contains(address)) return true;
        foreach ((IPAddress listed, int listedPort) in _addresses)
            if (listed.Equals(address) && (listedPort == 0 || listedPort == port)) return true;
        return false;
    }

    private void AddWithPort(string entry)
    {
        string host = entry.ToLowerInvariant();
        int port = 0;
        int colon = host.LastIndexOf(':');
        if (colon > host.LastIndexOf(']'))
        {
            // an entry that cannot be read covers nothing
            if (!int.TryParse(host.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out port) || port is < 1 or > 65535) return;
            host = host[..colon];
        }

        if (IPAddress.TryParse(host.Trim('[', ']'), out IPAddress? address))
        {
            _addresses.Add((Plain(address), port));
            return;
        }

        if (host.StartsWith("*.", StringComparison.Ordinal)) host = host[1..];
        bool itself = !host.StartsWith('.');
        host = host.Trim('.');
        if (host.Length > 0) _names.Add((host, port, itself));
    }

    // The framework wants the bits behind the prefix to be zero; people write 10.1.2.3/8 all the same.
    private static bool TryNetwork(string entry, out IPNetwork network)
    {
        network = default;
        int slash = entry.IndexOf('/', StringComparison.Ordinal);
        if (slash < 1 || !IPAddress.TryParse(entry.AsSpan(0, slash).Trim("[]"), out IPAddress? address)) return false;
        if (!int.TryParse(entry.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int length)) return false;
        byte[] bytes = address.GetAddressBytes();
        if (length > bytes.Length * 8) return false;
        for (int bit = length; bit < bytes.Length * 8; bit++) bytes[bit / 8] &= (byte)~(0x80 >> (bit % 8));
        network = new IPNetwork(new IPAddress(bytes), length);
        return true;
    }

    private static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
}
