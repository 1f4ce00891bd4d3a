using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace OciTools.UnitTests.Conventions;

public sealed partial class LibraryConventionTests
{
    private static readonly Assembly s_library = typeof(Digest).Assembly;

    // what each folder may use of the others, lowest first; documents, names and errors share one namespace and have a test of their own
    private static readonly (string Folder, string[] MayUse)[] s_arrows =
    [
        ("Errors", []), ("Content", []), ("References", []), ("Images", []),
        ("Layers", []), ("FileTrees", ["Layers"]), ("Stores", ["Layers"]), ("Operations", ["Layers", "FileTrees", "Stores"]),
    ];

    // an engine hands out archives as docker save writes them, and sends the logins of registries on
    private static readonly (string Folder, string[] MayUse)[] s_places =
    [
        ("Files", []), ("Http", []),
        ("DockerArchive", ["Files"]), ("Layout", ["Files"]), ("Registry", ["Files", "Http"]), ("Engine", ["Files", "Http", "DockerArchive", "Registry"]),
    ];

    // what several of them need lies in the folder above
    private static readonly (string Folder, string[] MayUse)[] s_verbs =
    [
        ("Listing", []), ("Logins", []), ("Removing", []), ("Clearing", []),
        ("Layers", []), ("Testing", ["Layers"]), ("Files", ["Layers"]), ("Comparing", ["Files"]), ("Copying", ["Layers", "Listing"]),
    ];

    private static readonly Dictionary<string, string> s_types = s_library.GetTypes().Where(t => t is { IsNested: false, Namespace: not null })
        .ToDictionary(t => t.FullName!.Split('`')[0], t => t.Namespace!, StringComparer.Ordinal);

    private static string Source([CallerFilePath] string file = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, "../../../src/OciTools"));

    private static IEnumerable<string> Files(string folder) => Directory.Exists(folder)
        ? Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories).Where(f => !f.Contains("/obj/", StringComparison.Ordinal) && !f.Contains("/bin/", StringComparison.Ordinal))
        : [];

    // the namespaces of the library that a file names, in full or from where it stands; a property of the same name is none
    private static IEnumerable<string> NamespacesIn(string file)
    {
        foreach (Match match in DottedName().Matches(Noise().Replace(File.ReadAllText(file), " ")))
            foreach (string start in (string[])["", "OciTools.", "OciTools.Stores."])
            {
                string name = start + match.Value;
                if (s_types.ContainsValue(name)) yield return name;
                for (int end = name.Length; end > 0; end = name.LastIndexOf('.', end - 1))
                    if (s_types.TryGetValue(name[..end], out string? of)) yield return of;
            }
    }

    private static IEnumerable<string> Pages(string root) =>
        Directory.EnumerateFiles(root, "*.md").Concat(Directory.EnumerateFiles(Path.Combine(root, "docs"), "*.md", SearchOption.AllDirectories));

    private static void CheckArrows(string root, string parent, (string Folder, string[] MayUse)[] arrows)
    {
        Assert.Equal(Directory.GetDirectories(root).Select(Path.GetFileName).Order(StringComparer.Ordinal), arrows.Select(arrow => arrow.Folder).Order(StringComparer.Ordinal));
        List<string> wrong = [];
        foreach ((string folder, string[] mayUse) in arrows)
        {
            string[] files = [.. Files(Path.Combine(root, folder))];
            Assert.NotEmpty(files);
            foreach (string file in files)
                foreach (string name in NamespacesIn(file).Where(name => name.StartsWith(parent, StringComparison.Ordinal)))
                {
                    string used = name[parent.Length..].Split('.')[0];
                    if (used != folder && !mayUse.Contains(used)) wrong.Add($"{Path.GetRelativePath(root, file)} uses {name}");
                }
        }

        Assert.Empty(wrong);
    }

    [Fact]
    public void Arrows_go_down_only() => CheckArrows(Source(), "OciTools.", s_arrows);

    [Fact]
    public void Kinds_of_places_use_what_they_share_and_not_each_other() => CheckArrows(Path.Combine(Source(), "Stores"), "OciTools.Stores.", s_places);

    [Fact]
    public void Verbs_use_what_they_share_and_few_of_each_other()
    {
        string root = Path.Combine(Source(), "Operations");
        CheckArrows(root, "OciTools.Operations.", s_verbs);
        string[] shared = [.. Directory.EnumerateFiles(root, "*.cs")];
        Assert.NotEmpty(shared);
        Assert.DoesNotContain(shared.SelectMany(NamespacesIn), name => name.StartsWith("OciTools.Operations.", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("OciTools.Adapters", "OciTools.Stores.Http")]
    [InlineData("OciTools.Cmdlets", "OciTools.Operations", "OciTools.Stores")]
    public void What_stands_on_the_library_uses_no_more_of_it_than_it_may(string project, params string[] mayUse)
    {
        string root = Path.GetFullPath(Path.Combine(Source(), "..", project));
        (string File, string Name)[] used = [.. Files(root).SelectMany(file => NamespacesIn(file).Select(name => (Path.GetFileName(file), name)))];
        Assert.Contains(used, one => one.Name == mayUse[0]);
        Assert.DoesNotContain(used, one => one.Name != "OciTools" && !mayUse.Any(may => one.Name == may || one.Name.StartsWith(may + ".", StringComparison.Ordinal)));
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
        AssemblyName[] references = s_library.GetReferencedAssemblies();
        Assert.NotEmpty(references);
        foreach (AssemblyName reference in references)
            Assert.True(File.Exists(Path.Combine(framework, reference.Name + ".dll")), $"{reference.Name} is not part of the framework");
    }

    [Fact]
    public void Every_public_type_and_member_is_documented_with_its_parameters()
    {
        // overloads together
        ILookup<string, XElement> documented = XDocument.Load(Path.ChangeExtension(s_library.Location, ".xml")).Descendants("member")
            .ToLookup(member => ((string)member.Attribute("name")!).Split('(')[0].Split('`')[0], StringComparer.Ordinal);
        const BindingFlags Own = BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
        List<string> missing = [];
        int methods = 0;
        foreach (Type type in s_library.GetExportedTypes())
        {
            string name = type.FullName!.Replace('+', '.').Split('`')[0];
            bool isDelegate = type.IsSubclassOf(typeof(Delegate));
            Require($"T:{name}", isDelegate ? type.GetMethod("Invoke")!.GetParameters() : []);
            if (isDelegate) continue;
            foreach (PropertyInfo property in type.GetProperties(Own))
                if (!Has($"P:{name}.{property.Name}", []) && !documented[$"T:{name}"].Elements("param").Any(e => (string?)e.Attribute("name") == property.Name)) missing.Add($"{name}.{property.Name}");
            foreach (FieldInfo field in type.GetFields(Own).Where(field => !field.IsSpecialName)) Require($"F:{name}.{field.Name}", []);
            foreach (ConstructorInfo constructor in type.GetConstructors().Where(constructor => constructor.GetParameters().Length > 0))
                if (!Has($"T:{name}", constructor.GetParameters())) Require($"M:{name}.#ctor", constructor.GetParameters());
            foreach (MethodInfo method in type.GetMethods(Own))
            {
                if (method.IsSpecialName || method.GetBaseDefinition() != method || method.IsDefined(typeof(CompilerGeneratedAttribute))) continue;
                Require($"M:{name}.{method.Name}", method.GetParameters());
                methods++;
            }
        }

        Assert.True(methods > 100);
        Assert.True(missing.Count == 0, string.Join(Environment.NewLine, missing));

        bool Has(string key, ParameterInfo[] parameters) => documented[key].Any(member => member.Element("inheritdoc") is not null
            || ((member.Element("summary") is not null || key.EndsWith("#ctor", StringComparison.Ordinal))
                && parameters.All(parameter => member.Elements("param").Any(e => (string?)e.Attribute("name") == parameter.Name && e.Value.Trim().Length > 0))));

        void Require(string key, ParameterInfo[] parameters)
        {
            if (!Has(key, parameters)) missing.Add($"{key}({string.Join(", ", parameters.Select(parameter => parameter.Name))})");
        }
    }

    [Fact]
    public void No_file_is_longer_than_six_hundred_lines()
    {
        string root = Path.GetFullPath(Path.Combine(Source(), "../.."));
        string[] code = [.. from folder in (string[])["src", "tests", "bench", "build", "samples", "docs"]
                            from ending in (string[])["*.cs", "*.ps1", "*.ps1xml"]
                            from file in Directory.EnumerateFiles(Path.Combine(root, folder), ending, SearchOption.AllDirectories)
                            select file];
        string[] pages = [.. Pages(root)];
        Assert.True(code.Length > 500);
        Assert.True(pages.Length > 40);
        foreach (string file in code.Concat(pages)) Assert.True(File.ReadLines(file).Count() <= 600, file);
    }

    [Fact]
    public void Documents_lead_to_files_that_there_are()
    {
        string root = Path.GetFullPath(Path.Combine(Source(), "../.."));
        int tried = 0;
        List<string> wrong = [];
        foreach (string page in Pages(root))
            foreach (Match match in Lead().Matches(File.ReadAllText(page)))
            {
                tried++;
                string target = match.Groups["link"].Success ? Path.Combine(Path.GetDirectoryName(page)!, match.Groups["link"].Value) : Path.Combine(root, match.Groups["path"].Value);
                if (!Path.Exists(target)) wrong.Add($"{Path.GetRelativePath(root, page)}: {match.Value}");
            }

        Assert.True(tried > 100, $"only {tried} leads");
        Assert.True(wrong.Count == 0, string.Join(Environment.NewLine, wrong));
    }

    [Fact]
    public void Every_class_is_sealed_unless_another_derives_from_it()
    {
        HashSet<Type?> bases = [.. s_library.GetTypes().Select(t => t.BaseType)];
        Assert.Empty(s_library.GetExportedTypes().Where(t => t.IsClass && !t.IsSealed && !bases.Contains(t)).Select(t => t.FullName));
    }

    [GeneratedRegex(@"(?<![\w.])[A-Z]\w*(?:\.[A-Z]\w*)+")]
    private static partial Regex DottedName();

    // links to files, and paths of this repository between backticks
    [GeneratedRegex(@"\]\((?<link>[^)#:]+)(?:#[^)]*)?\)|`(?<path>(?:src|tests|docs|bench|build|samples)/[\w./-]+)`")]
    private static partial Regex Lead();

    // comments and texts
    [GeneratedRegex(@"//[^\n]*|""(?:[^""\\\n]|\\.)*""")]
    private static partial Regex Noise();
}
