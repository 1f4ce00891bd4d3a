using System.Management.Automation;
using System.Net;
using OciTools.Stores.Http;
using OciTools.Stores.Registry;

namespace OciTools.Commands;

/// <summary>The base of cmdlets that reach registries: how they are reached, and who is trusted.</summary>
public abstract class AccessCommand : PumpCommand
{
    private protected AccessCommand()
    {
    }

    /// <summary>Hosts that credentials may be sent to besides the registry itself.</summary>
    [Parameter(HelpMessage = "Hosts of token servers that may get the credentials, besides the registry itself.")]
    [ValidateNotNullOrEmpty]
    public string[]? TrustedRealm { get; set; }

    /// <summary>Takes the certificate of the named registries without a check.</summary>
    [Parameter(HelpMessage = "Takes the certificates of the named registries without a check; not those of token servers and redirect targets elsewhere.")]
    public SwitchParameter SkipCertificateCheck { get; set; }

    /// <summary>Speaks http to the named registries.</summary>
    [Parameter(HelpMessage = "Speaks http, not https, to the named registries.")]
    [Alias("Insecure")]
    public SwitchParameter PlainHttp { get; set; }

    /// <summary>How registries are reached, with an account.</summary>
    private protected RegistryAccess Access(NetworkCredential? account) => new()
    {
        Credential = account,
        TrustedRealms = TrustedRealm ?? [],
        SkipCertificateCheck = SkipCertificateCheck.IsPresent,
        PlainHttp = PlainHttp.IsPresent,
        Log = IsVerbose || IsDebug ? new RequestLog(this) : null,
    };

    /// <summary>The account as it was given. PowerShell's own conversion would take a part of some names for a domain.</summary>
    private protected static NetworkCredential? AccountOf(PSCredential? credential) =>
        credential?.UserName is null ? null : new NetworkCredential(credential.UserName.TrimStart('\\'), credential.Password);

    // requests belong to the place, which several inputs share
    private sealed class RequestLog(AccessCommand command) : IRequestLog
    {
        public void Request(string line)
        {
            if (command.IsVerbose) command.Post(new PipelineMessage.Verbose(line));
        }

        public void Detail(string line)
        {
            if (command.IsDebug) command.Post(new PipelineMessage.Debug(line));
        }
    }
}
