using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace OciTools.Adapters;

/// <summary>Checks a server's certificate by the system's authorities and, where those do not know it, by those of a certs.d folder.</summary>
internal sealed class CertificateCheck(bool skip, IReadOnlyList<X509Certificate2> authorities)
{
    internal bool Validate(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (skip || errors == SslPolicyErrors.None) return true;
        string host = (sender as SslStream)?.TargetHostName is { Length: > 0 } name ? DisplayText.Excerpt(name, 100) : "the server";
        if (certificate is null || errors.HasFlag(SslPolicyErrors.RemoteCertificateNotAvailable)) throw Refused(host, "it shows none");
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch)) throw Refused(host, $"it is made out to another name ({DisplayText.Excerpt(certificate.Subject, 100)})");
        if (certificate is X509Certificate2 leaf && chain is not null && IsSignedByOwnAuthority(leaf, chain)) return true;
        throw Refused(host, Explain(chain));
    }

    private bool IsSignedByOwnAuthority(X509Certificate2 certificate, X509Chain seen)
    {
        if (authorities.Count == 0) return false;
        using X509Chain chain = new();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.ApplicationPolicy.Add(new System.Security.Cryptography.Oid("1.3.6.1.5.5.7.3.1"));
        foreach (X509Certificate2 authority in authorities) chain.ChainPolicy.CustomTrustStore.Add(authority);
        foreach (X509Certificate2 sent in seen.ChainPolicy.ExtraStore) chain.ChainPolicy.ExtraStore.Add(sent);
        foreach (X509ChainElement element in seen.ChainElements) chain.ChainPolicy.ExtraStore.Add(element.Certificate);
        return chain.Build(certificate);
    }

    private static string Explain(X509Chain? chain)
    {
        foreach (X509ChainStatus status in chain?.ChainStatus ?? [])
            if (status.Status is X509ChainStatusFlags.NotTimeValid) return "it is not valid at this time";
        foreach (X509ChainStatus status in chain?.ChainStatus ?? [])
            if (status.Status is not X509ChainStatusFlags.NoError) return $"no trusted authority stands behind it ({status.Status})";
        return "no trusted authority stands behind it";
    }

    private static OciException Refused(string host, string why) =>
        ErrorCatalogue.CertificateRefused.Error($"The certificate of {host} does not hold: {why}.");
}
