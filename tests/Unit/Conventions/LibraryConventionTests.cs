using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace OciTools.UnitTests.Conventions;

public sealed partial class LibraryConventionTests
{
    private static readonly Assembly s_library = typeof(Digest).Assembly;

    // what each folder may use of the namespaces that are not simply OciTools, by folder, lowest first
    private static readonly (string Folder, string[] MayUse)[] s_arrows =
    [
        ("Errors", []), ("Content", []), ("References", []), ("Images", []),
        ("Layers", ["Layers"]), ("Stores", ["Layers", "Stores"]), ("FileTrees", ["Layers", "Stores", "FileTrees"]),
        ("Operations", ["Layers", "Stores", "FileTrees", "Operations"]),
    ];

    private static string Source([CallerFilePath] string file = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, "../../../src/OciTools"));

    private static IEnumerable<string> Files(string folder) => Directory.Exists(folder)
        ? Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories).Where(f => !f.Contains("/obj/", StringComparison.Ordinal) && !f.Contains("/bin/", StringComparison.Ordinal))
        : [];

    [Fact]
    public void Arrows_go_down_only()
    {
        List<string> wrong = [];
        int seen = 0;
        foreach ((string folder, string[] mayUse) in s_arrows)
            foreach (string file in Files(Path.Combine(Source(), folder)))
            {
                seen++;
                foreach (Match match in ToolNamespace().Matches(File.ReadAllText(file)))
                    if (!mayUse.Contains(match.Groups[1].Value)) wrong.Add($"{Path.GetRelativePath(Source(), file)} uses {match.Value}");
            }

        Assert.True(seen > 20);
        Assert.Empty(wrong);
    }

    // the documents, names and errors share one namespace, so their arrows are those of the types they mention
    [Fact]
    public void The_lowest_folders_do_not_reach_up()
    {
        string[] order = ["Errors", "Content", "References", "Images"];
        Dictionary<string, int> level = [];
        for (int i = 0; i < order.Length; i++)
            foreach (string file in Files(Path.Combine(Source(), order[i]))) level[Path.GetFileNameWithoutExtension(file)] = i;

        List<string> wrong = [];
        foreach (string file in Files(Path.Combine(Source(), "Content")).Concat(Files(Path.Combine(Source(), "References"))).Concat(Files(Path.Combine(Source(), "Errors"))))
        {
            int own = level[Path.GetFileNameWithoutExtension(file)];
            string code = Noise().Replace(File.ReadAllText(file), " ");
            foreach ((string type, int other) in level)
                if (other > own && Regex.IsMatch(code, $@"(?<![\w.]){type}(?=[\s.(?>\[;,)])")) wrong.Add($"{Path.GetFileName(file)} uses {type}");
        }

        // digests, names and documents belong to the same vocabulary; none of the lower ones may know a document
        Assert.Empty(wrong);
    }

    [Fact]
    public void The_library_references_nothing_but_the_framework()
    {
        string framework = Path.GetDirectoryName(typeof(object).Assembly.Location)!;
        foreach (AssemblyName reference in s_library.GetReferencedAssemblies())
            Assert.True(File.Exists(Path.Combine(framework, reference.Name + ".dll")), $"{reference.Name} is not part of the framework");
    }

    [Fact]
    public void Every_public_type_and_member_is_documented()
    {
        string xml = Path.ChangeExtension(s_library.Location, ".xml");
        HashSet<string> documented = [.. XDocument.Load(xml).Descendants("member")
            .Where(m => m.Elements().Any(e => e.Name.LocalName is "summary" or "inheritdoc")).Select(m => (string)m.Attribute("name")!)];
        List<string> missing = [];
        foreach (Type type in s_library.GetExportedTypes())
        {
            string name = type.FullName!.Replace('+', '.');
            if (!documented.Contains("T:" + name)) missing.Add(name);
            foreach (PropertyInfo property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly))
            {
                bool ofRecord = type.GetMethod("<Clone>$") is not null;
                if (!ofRecord && property.GetIndexParameters().Length == 0 && !documented.Contains($"P:{name}.{property.Name}")) missing.Add($"{name}.{property.Name}");
            }
        }

        Assert.Empty(missing);
    }

    [Fact]
    public void Error_ids_are_unique_and_named_as_their_entries()
    {
        PropertyInfo[] entries = [.. typeof(ErrorCatalogue).GetProperties(BindingFlags.Public | BindingFlags.Static).Where(p => p.PropertyType == typeof(ErrorDefinition))];
        Assert.NotEmpty(entries);
        HashSet<string> ids = [];
        foreach (PropertyInfo entry in entries)
        {
            ErrorDefinition definition = (ErrorDefinition)entry.GetValue(null)!;
            Assert.Equal(entry.Name, definition.Id);
            Assert.True(ids.Add(definition.Id));
            Assert.Matches("^[A-Z][A-Za-z0-9]+$", definition.Id);
            Assert.True(definition.Recommendation.Length > 20 && definition.Recommendation.EndsWith('.'), definition.Id);
            OciException error = definition.Error("m");
            Assert.Equal((definition.Id, definition.Kind, definition.Recommendation, "m"), (error.ErrorId, error.Kind, error.Recommendation, error.Message));
        }
    }

    [Fact]
    public void No_file_is_longer_than_six_hundred_lines()
    {
        string root = Path.GetFullPath(Path.Combine(Source(), "../.."));
        string[] files = [.. from folder in (string[])["src", "tests", "bench", "build", "samples"]
                             from ending in (string[])["*.cs", "*.ps1", "*.ps1xml"]
                             from file in Directory.EnumerateFiles(Path.Combine(root, folder), ending, SearchOption.AllDirectories)
                             select file];
        Assert.True(files.Length > 500);
        foreach (string file in files) Assert.True(File.ReadLines(file).Count() <= 600, file);
    }

    [Fact]
    public void Every_class_is_sealed_unless_another_derives_from_it()
    {
        HashSet<Type?> bases = [.. s_library.GetTypes().Select(t => t.BaseType)];
        Assert.Empty(s_library.GetExportedTypes().Where(t => t.IsClass && !t.IsSealed && !bases.Contains(t)).Select(t => t.FullName));
    }

    [GeneratedRegex(@"OciTools\.(Layers|Stores|FileTrees|Operations|Commands|Adapters)\b")]
    private static partial Regex ToolNamespace();

    // comments and texts
    [GeneratedRegex(@"//[^\n]*|""(?:[^""\\\n]|\\.)*""")]
    private static partial Regex Noise();
}
