using System.Management.Automation;
using System.Net;
using System.Security;
using OciTools.Completion;
using OciTools.Loading;
using OciTools.Operations.Logins;
using OciTools.Stores.Registry;
using OciTools.Stores.Registry.Credentials;

namespace OciTools.Commands;

/// <summary>Logs in to a registry.</summary>
[Cmdlet(VerbsCommunications.Connect, "ImageRegistry", DefaultParameterSetName = AccountSet, SupportsShouldProcess = true)]
[OutputType(typeof(ImageRegistry))]
public sealed class ConnectImageRegistryCommand : AccessCommand
{
    private const string AccountSet = "Credential";
    private const string TokenSet = "IdentityToken";

    /// <summary>The registry.</summary>
    [Parameter(Mandatory = true, Position = 0, HelpMessage = "The host of the registry, with its port where it is not the usual one: docker.io, ghcr.io, localhost:5000.")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(RegistryCompleter))]
    public string Registry { get; set; } = "";

    /// <summary>The account.</summary>
    [Parameter(Mandatory = true, Position = 1, ParameterSetName = AccountSet, HelpMessage = "The user, with the password or access token.")]
    [Credential]
    [ValidateNotNull]
    public PSCredential? Credential { get; set; }

    /// <summary>The identity token.</summary>
    [Parameter(Mandatory = true, ParameterSetName = TokenSet, HelpMessage = "A refresh token that the token server of the registry exchanges.")]
    [ValidateNotNull]
    public SecureString? IdentityToken { get; set; }

    /// <summary>Keeps the login where Docker does.</summary>
    [Parameter(HelpMessage = "Keeps the login also where Docker keeps its logins: in the credential helper that its config.json names, else in that file.")]
    public SwitchParameter Persist { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        (string registry, bool persist, bool isVerbose, RegistryAccess access) = (Registry, Persist.IsPresent, IsVerbose, Access(null));
        RegistryCredential credential = Given();
        Run(registry, async (item, token) =>
        {
            RegistryLogins logins = new(new ItemLog(item, isVerbose));
            LoginPlan plan = await logins.PlanAsync(registry, credential, persist, token).ConfigureAwait(false);
            bool isApproved = await item.AskAsync(plan.Describe(), "Log in", token).ConfigureAwait(false);
            item.IsPastQuestions = true;
            if (!isApproved) return;
            foreach (ImageRegistry login in await logins.ConnectAsync(plan, AdaptersContext.Adapters, access, token).ConfigureAwait(false))
                item.Send(new PipelineMessage.Output(login));
        }, asks: true);
    }

    private RegistryCredential Given()
    {
        if (IdentityToken is not null) return new RegistryCredential(null, null, new NetworkCredential("", IdentityToken).Password, null, "Connect-ImageRegistry");
        NetworkCredential? account = AccountOf(Credential);
        return new RegistryCredential(account?.UserName, account?.Password, null, null, "Connect-ImageRegistry");
    }
}
