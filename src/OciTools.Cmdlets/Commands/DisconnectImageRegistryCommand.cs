using System.Management.Automation;
using OciTools.Completion;
using OciTools.Operations.Logins;

namespace OciTools.Commands;

/// <summary>Logs out of registries.</summary>
[Cmdlet(VerbsCommunications.Disconnect, "ImageRegistry", SupportsShouldProcess = true)]
[OutputType(typeof(ImageRegistry))]
public sealed class DisconnectImageRegistryCommand : PumpCommand
{
    private readonly HashSet<string> _seen = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The registries.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true,
        HelpMessage = "The host of the registry, with its port where it is not the usual one: docker.io, ghcr.io, localhost:5000.")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(RegistryCompleter))]
    public string[] Registry { get; set; } = [];

    /// <summary>Keeps what is stored.</summary>
    [Parameter(HelpMessage = "Forgets the login of this process only; what Docker and the container tools keep stays.")]
    public SwitchParameter KeepStored { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        (bool stored, bool isVerbose) = (!KeepStored.IsPresent, IsVerbose);
        foreach (string registry in Registry)
        {
            // Get-ImageRegistry names a registry once for each place that has a login
            if (!_seen.Add(registry)) continue;
            Run(registry, async (item, token) =>
            {
                RegistryLogins logins = new(new ItemLog(item, isVerbose));
                List<LogoutPlan> approved = [];
                foreach (LogoutPlan plan in await logins.FindAsync(registry, stored, e => item.Send(new PipelineMessage.Failure(e, registry)), token).ConfigureAwait(false))
                    if (await item.AskAsync(plan.Describe(), "Log out", token).ConfigureAwait(false)) approved.Add(plan);
                item.IsPastQuestions = true;
                foreach (LogoutPlan plan in approved) item.Send(new PipelineMessage.Output(await logins.DisconnectAsync(plan, token).ConfigureAwait(false)));
            }, asks: true);
        }
    }
}
