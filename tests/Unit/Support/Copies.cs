using OciTools.Adapters;
using OciTools.Operations;
using OciTools.Operations.Copying;
using OciTools.Stores.Registry;

namespace OciTools.UnitTests.Support;

/// <summary>Copies as Copy-Image makes them.</summary>
internal static class Copies
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    internal static ImagePlaces Places(RegistryAccess? access = null) => new(new StoreOpener(() => new ModuleAdapters(), access ?? new RegistryAccess()));

    internal static async Task<CopiedImage> CopyAsync(string source, string destination, RegistryAccess? access = null)
    {
        await using ImagePlaces places = Places(access);
        using ImageCopy copy = new(places, TestZstd.Inflate);
        CopyPlan plan = await copy.PlanAsync(new ImageInspector(places, new KeptLog()), ImageLocation.Parse(source), ImageLocation.Parse(destination), new CopyOptions(), Stop);
        return await ImageCopy.RunAsync(plan, NoProgress.Instance, Stop);
    }
}
