using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace OciTools.UnitTests.Conventions;

public sealed partial class ErrorConventionTests
{
    // the name of each property of the catalogue, and its entry
    private static (string Name, ErrorDefinition Definition)[] Entries { get; } =
        [.. typeof(ErrorCatalogue).GetProperties(BindingFlags.Public | BindingFlags.Static).Select(property => (property.Name, (ErrorDefinition)property.GetValue(null)!))];

    private static string Page([CallerFilePath] string file = "") =>
        File.ReadAllText(Path.Combine(Path.GetDirectoryName(file)!, "../../../docs/help/about_OciTools_Errors.md"));

    [Fact]
    public void Error_ids_are_unique_and_named_as_their_entries()
    {
        HashSet<string> ids = [];
        foreach ((string name, ErrorDefinition definition) in Entries)
        {
            Assert.Equal(name, definition.Id);
            Assert.True(ids.Add(definition.Id));
            Assert.Matches("^[A-Z][A-Za-z0-9]+$", definition.Id);
            Assert.True(definition.Recommendation.Length > 20 && definition.Recommendation.EndsWith('.'), definition.Id);
            OciException error = definition.Error("m");
            Assert.Equal((definition.Id, definition.Kind, definition.Recommendation, "m"), (error.ErrorId, error.Kind, error.Recommendation, error.Message));
        }

        Assert.True(ids.Count > 50);
    }

    [Fact]
    public void The_topic_has_each_error_with_the_words_of_the_catalogue()
    {
        Dictionary<string, string> meanings = XDocument.Load(Path.ChangeExtension(typeof(ErrorCatalogue).Assembly.Location, ".xml")).Descendants("member")
            .ToDictionary(member => (string)member.Attribute("name")!, member => member.Element("summary")?.Value.Trim() ?? "", StringComparer.Ordinal);
        string[] own = [.. Entries.Select(entry => $"{entry.Definition.Id}: {meanings[$"P:OciTools.ErrorCatalogue.{entry.Name}"]} {entry.Definition.Recommendation}")];
        string[] written = [.. Line().Matches(Page()).Select(match => $"{match.Groups[1].Value}: {match.Groups[2].Value}")];
        Assert.True(own.Length > 50);
        Assert.Equal(own, written);
    }

    [Theory]
    [InlineData(ErrorKind.InvalidName, typeof(MalformedException))]
    [InlineData(ErrorKind.NotFound, typeof(NotFoundException))]
    [InlineData(ErrorKind.Unauthorized, typeof(AccessException))]
    [InlineData(ErrorKind.Forbidden, typeof(AccessException))]
    [InlineData(ErrorKind.RateLimited, typeof(UnreachableException))]
    [InlineData(ErrorKind.Refused, typeof(RefusedException))]
    [InlineData(ErrorKind.Integrity, typeof(IntegrityException))]
    [InlineData(ErrorKind.Malformed, typeof(MalformedException))]
    [InlineData(ErrorKind.Unsupported, typeof(UnsupportedException))]
    [InlineData(ErrorKind.Unreachable, typeof(UnreachableException))]
    [InlineData(ErrorKind.Timeout, typeof(UnreachableException))]
    [InlineData(ErrorKind.Protocol, typeof(UnreachableException))]
    [InlineData(ErrorKind.Unavailable, typeof(UnreachableException))]
    [InlineData(ErrorKind.Conflict, typeof(ConflictException))]
    [InlineData(ErrorKind.ReadFailed, typeof(ConflictException))]
    [InlineData(ErrorKind.WriteFailed, typeof(ConflictException))]
    [InlineData(ErrorKind.Defect, typeof(DefectException))]
    public void Each_kind_of_error_has_its_exception(ErrorKind kind, Type exception)
    {
        ErrorDefinition[] entries = [.. Entries.Select(entry => entry.Definition).Where(entry => entry.Kind == kind)];
        Assert.NotEmpty(entries);
        foreach (ErrorDefinition entry in entries) Assert.IsType(exception, entry.Error("m"));
    }

    [GeneratedRegex(@"(?m)^- (\w+) \(\w+\): (.+)$")]
    private static partial Regex Line();
}
