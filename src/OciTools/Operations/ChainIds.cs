using System.Text;

namespace OciTools.Operations;

/// <summary>Chain ids (OCI image-spec, config.md, Layer ChainID): one identity for a layer and all below it.</summary>
internal static class ChainIds
{
    internal static IReadOnlyList<string> Compute(IReadOnlyList<Digest> diffIds)
    {
        string[] chain = new string[diffIds.Count];
        for (int i = 0; i < chain.Length; i++)
            chain[i] = i == 0 ? diffIds[0].ToString() : Digest.Compute(Encoding.ASCII.GetBytes($"{chain[i - 1]} {diffIds[i]}")).ToString();
        return chain;
    }
}
