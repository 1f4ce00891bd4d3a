using System.Collections.Frozen;
using System.Text.Json;
using System.Text.Unicode;

namespace OciTools;

/// <summary>
/// One JSON object of a document, read strictly: a key of the specification in another case (as Go's reader would take it) and any
/// duplicate is refused, and a value of the wrong type is an error that names its place.
/// </summary>
internal readonly struct JsonFields
{
    private readonly JsonElement _element;
    private readonly string _path;

    private JsonFields(JsonElement element, string path)
    {
        _element = element;
        _path = path;
    }

    /// <summary>Parses a whole document whose top must be an object.</summary>
    /// <param name="bytes">The exact bytes.</param>
    /// <param name="what">What the document is, for messages: <c>manifest of docker.io/library/nginx:latest</c>.</param>
    /// <param name="known">The keys that the specification defines at the top.</param>
    /// <param name="document">Owns the memory behind the fields.</param>
    internal static JsonFields Parse(ReadOnlyMemory<byte> bytes, string what, FrozenSet<string> known, out JsonDocument document)
    {
        document = ParseJson(bytes, what);
        try
        {
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                throw ErrorCatalogue.MalformedDocument.Error($"The {what} is not a JSON object.");
            return Check(document.RootElement, what, known);
        }
        catch
        {
            document.Dispose();
            throw;
        }
    }

    /// <summary>Parses JSON of any shape under the limits that hold everywhere.</summary>
    internal static JsonDocument ParseJson(ReadOnlyMemory<byte> bytes, string what)
    {
        if (!Utf8.IsValid(bytes.Span)) throw ErrorCatalogue.MalformedDocument.Error($"The {what} is not UTF-8 text.");
        CheckEscapes(bytes.Span, what);
        try
        {
            return JsonDocument.Parse(bytes, new JsonDocumentOptions { MaxDepth = Limits.JsonDepth, AllowDuplicateProperties = false });
        }
        catch (JsonException e) when (e.Message.Contains("uplicate", StringComparison.Ordinal))
        {
            throw ErrorCatalogue.AmbiguousDocument.Error($"The {what} has the same key twice: {DisplayText.Excerpt(e.Message)}", e);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw ErrorCatalogue.MalformedDocument.Error($"The {what} is not valid JSON: {DisplayText.Excerpt(e.Message)}", e);
        }
    }

    /// <summary>Takes an element that must be an object.</summary>
    internal static JsonFields Object(JsonElement element, string path, FrozenSet<string> known) =>
        element.ValueKind == JsonValueKind.Object ? Check(element, path, known) : throw Wrong(path, "an object");

    /// <summary>The object itself.</summary>
    internal JsonElement Element => _element;

    /// <summary>Whether the key is there, with whatever value.</summary>
    internal bool Has(string name) => _element.TryGetProperty(name, out _);

    /// <summary>The value, or null where the key is absent or null.</summary>
    internal JsonElement? Value(string name) =>
        _element.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;

    internal string? String(string name) => Value(name) is { } value ? Text(value, PathOf(name)) : null;

    internal string RequiredString(string name) => String(name) ?? throw Missing(name);

    internal bool? Boolean(string name) => Value(name) is not { } value ? null : value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Wrong(PathOf(name), "true or false"),
    };

    internal long? Int64(string name)
    {
        if (Value(name) is not { } value) return null;
        if (value.ValueKind != JsonValueKind.Number || !value.TryGetInt64(out long number)) throw Wrong(PathOf(name), "a whole number");
        return number;
    }

    internal JsonFields? Object(string name, FrozenSet<string> known) =>
        Value(name) is { } value ? Object(value, PathOf(name), known) : null;

    /// <summary>The elements of an array; none where the key is absent or null.</summary>
    internal IEnumerable<(JsonElement Element, string Path)> Array(string name)
    {
        if (Value(name) is not { } value) yield break;
        string path = PathOf(name);
        if (value.ValueKind != JsonValueKind.Array) throw Wrong(path, "an array");
        int i = 0;
        foreach (JsonElement element in value.EnumerateArray()) yield return (element, $"{path}[{i++}]");
    }

    internal List<string>? Strings(string name)
    {
        if (Value(name) is null) return null;
        List<string> strings = [];
        foreach ((JsonElement element, string path) in Array(name)) strings.Add(Text(element, path));
        return strings;
    }

    /// <summary>A map whose keys the user chose.</summary>
    internal IEnumerable<(string Key, JsonElement Value)> Members(string name)
    {
        if (Value(name) is not { } value) yield break;
        if (value.ValueKind != JsonValueKind.Object) throw Wrong(PathOf(name), "an object");
        foreach (JsonProperty member in value.EnumerateObject()) yield return (Name(member, PathOf(name)), member.Value);
    }

    internal string PathOf(string name) => $"{_path}, {name}";

    internal OciException Missing(string name) => ErrorCatalogue.MalformedDocument.Error($"The {_path} has no '{name}'.");

    internal static string Text(JsonElement value, string path)
    {
        if (value.ValueKind != JsonValueKind.String) throw Wrong(path, "a string");
        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException e)
        {
            throw ErrorCatalogue.MalformedDocument.Error($"The {path} is not valid text.", e);
        }
    }

    internal static OciException Wrong(string path, string wanted) => ErrorCatalogue.MalformedDocument.Error($"The {path} is not {wanted}.");

    // Half a surrogate pair, written as an escape, is found by .NET only where the string is read; other readers replace it.
    private static void CheckEscapes(ReadOnlySpan<byte> bytes, string what)
    {
        if (bytes.IndexOf("\\ud"u8) < 0 && bytes.IndexOf("\\uD"u8) < 0) return;
        Utf8JsonReader reader = new(bytes, new JsonReaderOptions { MaxDepth = Limits.JsonDepth });
        try
        {
            while (reader.Read())
                if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName && reader.ValueIsEscaped) reader.GetString();
        }
        catch (InvalidOperationException e)
        {
            throw ErrorCatalogue.MalformedDocument.Error($"The {what} holds half a surrogate pair, which is no valid text.", e);
        }
        catch (JsonException)
        {
            // reported by the reader of the whole document
        }
    }

    private static JsonFields Check(JsonElement element, string path, FrozenSet<string> known)
    {
        foreach (JsonProperty member in element.EnumerateObject())
        {
            string name = Name(member, path);
            if (known.Contains(name)) continue;
            string folded = Fold(name);
            foreach (string key in known)
                if (string.Equals(Fold(key), folded, StringComparison.Ordinal))
                    throw ErrorCatalogue.AmbiguousDocument.Error(
                        $"The {path} has the key '{DisplayText.Excerpt(name, 60)}', which some readers take for '{key}' and others do not.");
        }

        return new JsonFields(element, path);
    }

    private static string Name(JsonProperty member, string path)
    {
        try
        {
            return member.Name;
        }
        catch (InvalidOperationException e)
        {
            throw ErrorCatalogue.MalformedDocument.Error($"A key of the {path} is not valid text.", e);
        }
    }

    // Go's JSON reader folds case by Unicode simple folding, where U+017F is an s and U+212A a k.
    private static string Fold(string name) => name.Replace('\u017F', 's').Replace('\u212A', 'k').ToUpperInvariant();
}
