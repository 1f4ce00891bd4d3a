using System.Management.Automation;
using OciTools.Completion;
using OciTools.Operations.Logins;

namespace OciTools.Commands;

/// <summary>Lists the registries that there is a login for.</summary>
[Cmdlet(VerbsCommon.Get, "ImageRegistry")]
[OutputType(typeof(ImageRegistry))]
public sealed class GetImageRegistryCommand : PumpCommand
{
    private List<WildcardPattern>? _patterns;

    /// <summary>Registries; wildcards are taken.</summary>
    [Parameter(Position = 0, HelpMessage = "Only these registries; wildcards are taken, upper and lower case are the same.")]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(RegistryCompleter))]
    public string[]? Registry { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        _patterns = PatternsOf(Registry);
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        (List<WildcardPattern>? patterns, bool isVerbose) = (_patterns, IsVerbose);
        Run("logins", async (item, token) =>
        {
            RegistryLogins logins = new(new ItemLog(item, isVerbose));
            await foreach (ImageRegistry login in logins.ListAsync(e => item.Send(new PipelineMessage.Failure(e, "logins")), token).ConfigureAwait(false))
                if (patterns?.Exists(pattern => pattern.IsMatch(login.Registry) || pattern.IsMatch(login.ToString())) != false) item.Send(new PipelineMessage.Output(login));
        });
    }
}
