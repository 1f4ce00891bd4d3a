using System.Collections;
using OciTools.Operations.Logins;

namespace OciTools.Completion;

/// <summary>Completes registries: those that a login is known for, and those of names that were used. No helper and no registry is asked.</summary>
public sealed class RegistryCompleter : Completer
{
    private protected override IEnumerable<Candidate> Find(string word, IDictionary bound)
    {
        foreach (string registry in new Patience().Ask(RegistryLogins.ListNamesAsync)) yield return new Candidate(registry, "there is a login for it");
        foreach (string image in KnownNames.Images)
            if (ImageReference.TryParse(image, out ImageReference? reference)) yield return new Candidate(reference.Registry, "used in this session");
    }
}
