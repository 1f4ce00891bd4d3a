using System.Reflection;
using System.Runtime.Loader;
using OciTools.Stores.Http;

namespace OciTools.Loading;

/// <summary>
/// Opens OciTools.Adapters, once, in a load context of its own, so that the third-party assemblies of this module and those of other
/// modules in the process never meet. Nothing is hooked into the default context.
/// </summary>
internal sealed class AdaptersContext : AssemblyLoadContext
{
    private static readonly Lazy<IAdapters> s_adapters = new(Open);

    private readonly string _folder;

    private AdaptersContext(string folder)
        : base("OciTools.Adapters") => _folder = folder;

    internal static IAdapters Adapters => s_adapters.Value;

    /// <summary>Inflates zstd; opens the adapters only when something is zstd.</summary>
    internal static Stream Inflate(Stream compressed) => Adapters.Inflate(compressed);

    /// <inheritdoc/>
    protected override Assembly? Load(AssemblyName assemblyName)
    {
        Assembly library = typeof(IAdapters).Assembly;
        if (assemblyName.Name == library.GetName().Name) return library;
        string path = Path.Combine(_folder, assemblyName.Name + ".dll");
        return File.Exists(path) ? LoadFromAssemblyPath(path) : null;
    }

    private static IAdapters Open()
    {
        string folder = Path.Combine(Path.GetDirectoryName(typeof(AdaptersContext).Assembly.Location)!, "Dependencies");
        AdaptersContext context = new(folder);
        Assembly adapters = context.LoadFromAssemblyPath(Path.Combine(folder, "OciTools.Adapters.dll"));
        return (IAdapters)Activator.CreateInstance(adapters.GetType("OciTools.Adapters.ModuleAdapters", throwOnError: true)!)!;
    }
}
