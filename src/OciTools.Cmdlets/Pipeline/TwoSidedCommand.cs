using System.Management.Automation;
using OciTools.Operations;
using OciTools.Stores.Registry;

namespace OciTools.Commands;

/// <summary>The base of cmdlets that read from one registry and write to another: each side may be reached in its own way.</summary>
public abstract class TwoSidedCommand : PlatformImageCommand
{
    private protected TwoSidedCommand()
    {
    }

    /// <summary>The account for the registry that is read.</summary>
    [Parameter(HelpMessage = "The account for the registry of the first image; an image of another registry is an error.")]
    [Credential]
    public PSCredential? SourceCredential { get; set; }

    /// <summary>The account for the registry that is written to.</summary>
    [Parameter(HelpMessage = "The account for the registry of the first destination; a destination in another registry is an error.")]
    [Credential]
    public PSCredential? DestinationCredential { get; set; }

    /// <summary>Hosts that the credentials of the source may be sent to besides its registry.</summary>
    [Parameter(HelpMessage = "Hosts of token servers that may get the credentials of the source, besides its registry and those of -TrustedRealm.")]
    [ValidateNotNullOrEmpty]
    public string[]? SourceTrustedRealm { get; set; }

    /// <summary>Hosts that the credentials of the destination may be sent to besides its registry.</summary>
    [Parameter(HelpMessage = "Hosts of token servers that may get the credentials of the destination, besides its registry and those of -TrustedRealm.")]
    [ValidateNotNullOrEmpty]
    public string[]? DestinationTrustedRealm { get; set; }

    /// <summary>Takes the certificate of the registry that is read without a check.</summary>
    [Parameter(HelpMessage = "Takes the certificate of the registry that is read without a check.")]
    public SwitchParameter SourceSkipCertificateCheck { get; set; }

    /// <summary>Takes the certificate of the registry that is written to without a check.</summary>
    [Parameter(HelpMessage = "Takes the certificate of the registry that is written to without a check.")]
    public SwitchParameter DestinationSkipCertificateCheck { get; set; }

    /// <summary>Speaks http to the registry that is read.</summary>
    [Parameter(HelpMessage = "Speaks http, not https, to the registry that is read.")]
    public SwitchParameter SourcePlainHttp { get; set; }

    /// <summary>Speaks http to the registry that is written to.</summary>
    [Parameter(HelpMessage = "Speaks http, not https, to the registry that is written to.")]
    public SwitchParameter DestinationPlainHttp { get; set; }

    private bool HasSides => SourceCredential is not null || DestinationCredential is not null || SourceTrustedRealm is not null || DestinationTrustedRealm is not null
        || SourceSkipCertificateCheck.IsPresent || DestinationSkipCertificateCheck.IsPresent || SourcePlainHttp.IsPresent || DestinationPlainHttp.IsPresent;

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        if (Credential is not null && (SourceCredential is not null || DestinationCredential is not null))
            FailAll(ErrorCatalogue.ParameterConflict.Error("-Credential is for both sides, and -SourceCredential and -DestinationCredential for one each: give it, or them."), nameof(Credential));
        Check(nameof(SkipCertificateCheck), SkipCertificateCheck);
        Check(nameof(PlainHttp), PlainHttp);
    }

    private protected override ImagePlaces CreatePlaces()
    {
        if (!HasSides) return base.CreatePlaces();
        StoreOpener source = OpenerFor(Side(SourceCredential, SourceTrustedRealm, SourceSkipCertificateCheck, SourcePlainHttp));
        RegistryAccess destination = Side(DestinationCredential, DestinationTrustedRealm, DestinationSkipCertificateCheck, DestinationPlainHttp);
        // one account is for one registry, also where its sides are reached in different ways
        return new ImagePlaces(source, OpenerFor(destination, Credential is null ? null : source));
    }

    private RegistryAccess Side(PSCredential? credential, string[]? realms, SwitchParameter skips, SwitchParameter plain)
    {
        RegistryAccess both = Access(AccountOf(credential ?? Credential));
        return both with
        {
            TrustedRealms = [.. both.TrustedRealms, .. realms ?? []],
            SkipCertificateCheck = both.SkipCertificateCheck || skips.IsPresent,
            PlainHttp = both.PlainHttp || plain.IsPresent,
        };
    }

    // -SkipCertificateCheck -SourceSkipCertificateCheck:$false says two things of one side
    private void Check(string name, SwitchParameter both)
    {
        if (!both.IsPresent) return;
        foreach (string side in (ReadOnlySpan<string>)["Source", "Destination"])
        {
            if (MyInvocation.BoundParameters.TryGetValue(side + name, out object? value) && value is SwitchParameter { IsPresent: false })
                FailAll(ErrorCatalogue.ParameterConflict.Error($"-{name} holds for both sides, and -{side}{name} is switched off."), side + name);
        }
    }
}
