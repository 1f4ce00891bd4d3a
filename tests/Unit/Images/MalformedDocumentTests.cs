using System.Text;

namespace OciTools.UnitTests.Images;

public sealed class MalformedDocumentTests(ITestOutputHelper output)
{
    private static readonly string[] s_wrongValues = ["1", "-1", "1.5", "true", "\"x\"", "[]", "{}", "[1]", "[null]", "{\"a\":1}", "[\"x\"]", "[{}]"];

    // key and the JSON values that may stand there (prefix match on the list above); everything else must be refused
    private static readonly (string Kind, string Key, string[] Allowed)[] s_types =
    [
        ("manifest", "schemaVersion", []), ("manifest", "artifactType", ["\"x\""]), ("manifest", "config", []), ("manifest", "layers", ["[]"]), ("manifest", "subject", []), ("manifest", "annotations", ["{}"]),
        ("manifest", "size", ["1"]), ("manifest", "digest", []), ("manifest", "urls", ["[]", "[\"x\"]"]),
        ("index", "manifests", ["[]"]), ("index", "platform", ["{}", "{\"a\":1}"]), ("index", "architecture", ["\"x\""]), ("index", "os", ["\"x\""]), ("index", "variant", ["\"x\""]), ("index", "os.version", ["\"x\""]), ("index", "os.features", ["[]", "[\"x\"]"]),
        ("config", "created", []), ("config", "author", ["\"x\""]), ("config", "architecture", ["\"x\""]), ("config", "os", ["\"x\""]), ("config", "variant", ["\"x\""]), ("config", "config", ["{}", "{\"a\":1}"]), ("config", "rootfs", []), ("config", "type", []), ("config", "diff_ids", ["[]"]),
        ("config", "history", ["[]", "[{}]"]), ("config", "created_by", ["\"x\""]), ("config", "comment", ["\"x\""]), ("config", "empty_layer", ["true"]), ("config", "User", ["\"x\""]), ("config", "ExposedPorts", ["{}", "{\"a\":1}"]), ("config", "Env", ["[]", "[\"x\"]"]),
        ("config", "Entrypoint", ["[]", "[\"x\"]", "\"x\""]), ("config", "Cmd", ["[]", "[\"x\"]", "\"x\""]), ("config", "Volumes", ["{}", "{\"a\":1}"]), ("config", "WorkingDir", ["\"x\""]), ("config", "Labels", ["{}"]), ("config", "StopSignal", ["\"x\""]),
        ("config", "Healthcheck", ["{}", "{\"a\":1}"]), ("config", "Test", ["[]", "[\"x\"]"]), ("config", "Interval", ["1", "-1"]), ("config", "Retries", ["1", "-1"]), ("config", "OnBuild", ["[]", "[\"x\"]"]), ("config", "Shell", ["[]", "[\"x\"]"]),
    ];

    [Fact]
    public void A_value_of_the_wrong_type_is_refused_and_a_right_one_taken()
    {
        int tried = 0, held = 0;
        foreach ((string kind, string key, string[] allowed) in s_types)
            foreach (string value in s_wrongValues)
            {
                string text = ReplaceValue(kind switch { "manifest" => Documents.Manifest, "index" => Documents.Index, _ => Documents.Config }, key, value);
                tried++;
                string? id = null;
                try
                {
                    Documents.Parse(kind, Documents.Bytes(text));
                }
                catch (OciException e)
                {
                    id = e.ErrorId;
                }

                bool right = allowed.Contains(value) ? id is null : id is "MalformedDocument" || (id == "ManifestSchema1" && key == "schemaVersion" && value == "1");
                if (right) held++;
                else output.WriteLine($"{kind} {key} = {value}: {id ?? "taken"}");
            }

        output.WriteLine($"types: tried {tried}, held {held}");
        Assert.Equal(tried, held);
    }

    public static TheoryData<string, string> Sizes() => new()
    {
        { "-1", "refused" }, { "-0", "taken" }, { "1e3", "refused" }, { "1.0", "refused" }, { "1.5", "refused" }, { "\"12\"", "refused" }, { "4611686018427387904", "refused" }, { "9223372036854775807", "refused" }, { "9223372036854775808", "refused" },
        { "18446744073709551616", "refused" }, { "1e400", "refused" }, { "-9223372036854775808", "refused" }, { "null", "refused" }, { "35184372088832", "taken" }, { "35184372088833", "refused" }, { "0", "taken" }, { "01", "refused" }, { "+1", "refused" }, { "0x10", "refused" }, { "NaN", "refused" }, { "Infinity", "refused" },
    };

    [Theory, MemberData(nameof(Sizes))]
    public void A_size_is_a_plain_whole_number_of_a_possible_magnitude(string value, string result)
    {
        byte[] bytes = Documents.Bytes(ReplaceValue(Documents.Manifest, "size", value));
        if (result == "taken") ManifestDocument.Parse(bytes, "x");
        else Assert.Equal("MalformedDocument", Assert.Throws<MalformedException>(() => ManifestDocument.Parse(bytes, "x")).ErrorId);
    }

    private static IEnumerable<(string Kind, byte[] Bytes)> Broken()
    {
        foreach ((string kind, string text) in new[] { ("manifest", Documents.Manifest), ("index", Documents.Index), ("config", Documents.Config) })
        {
            byte[] bytes = Documents.Bytes(text);
            foreach (string whole in new[] { "", " ", "null", "1", "\"x\"", "[]", "[{}]", "true", "invalid JSON", "{", "{\"a\"", "{\"a\":}", "{'a':1}", "{a:1}", "{\"a\":1,}", "\0", "{}{}", "<html></html>" }) yield return (kind, Documents.Bytes(whole));
            yield return (kind, [0xEF, 0xBB, 0xBF, .. bytes]);
            yield return (kind, [.. bytes, (byte)'x']);
            yield return (kind, [.. bytes, .. "{}"u8]);
            yield return (kind, [.. bytes, 0]);
            yield return (kind, [0, .. bytes]);
            yield return (kind, [.. bytes, 0xEF, 0xBB, 0xBF]);
            yield return (kind, bytes[..^1]);
            yield return (kind, bytes[..(bytes.Length / 2)]);
            yield return (kind, Encoding.Unicode.GetBytes(text));
            yield return (kind, [0xFF, 0xFE, .. Encoding.Unicode.GetBytes(text)]);
            foreach (string comment in new[] { "/* c */", "// c\n", "<!-- -->", "#c\n" }) yield return (kind, Documents.Bytes(comment + text));
            foreach (string extra in new[]
            {
                "\"x\":/* c */1,", "\"x\":01,", "\"x\":1_0,", "\"x\":.5,", "\"x\":+1,", "\"x\":NaN,", "\"x\":undefined,", "\"x\":'a',", "\"x\":\"a\tb\",", "\"x\":\"\\q\",", "\"x\":\"\\u12\",", "\"x\":\"\\x41\",", "\"x\" 1,", ",", "\"x\":1,,",
                "\"x\":\"\\ud800\",", "\"x\":\"\\udc00\",", "\"x\":\"a\\ud83dz\",", "\"x\":[{\"y\":\"\\uDFFF\"}],", "\"\\ud800\":1,", "\"x\":{\"\\uDEAD\":1},", "\"x\":\"\\ud83d\\ud83d\\ude00\",",
                "\"x\":" + new string('[', 64) + new string(']', 64) + ",", "\"x\":" + string.Concat(Enumerable.Repeat("{\"a\":", 64)) + "1" + new string('}', 64) + ",",
            }) yield return (kind, Documents.Bytes("{" + extra + text[1..]));
            foreach (byte[] bad in new byte[][] { [0x80], [0xC0, 0x80], [0xC3], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xF8, 0x88, 0x80, 0x80, 0x80], [0xFF], [0xE2, 0x82] })
            {
                yield return (kind, [(byte)'{', .. "\"x\":\""u8, .. bad, .. "\","u8, .. bytes[1..]]);
                yield return (kind, [(byte)'{', (byte)'"', .. bad, .. "\":1,"u8, .. bytes[1..]]);
            }
        }
    }

    [Fact]
    public void Bytes_that_are_no_clean_json_object_are_refused()
    {
        int tried = 0, held = 0;
        foreach ((string kind, byte[] bytes) in Broken())
        {
            tried++;
            try
            {
                Documents.Parse(kind, bytes);
                output.WriteLine($"{kind} taken: {DisplayText.Excerpt(Encoding.Latin1.GetString(bytes), 90)}");
            }
            catch (MalformedException e) when (e.ErrorId == "MalformedDocument")
            {
                held++;
            }
            catch (OciException e)
            {
                output.WriteLine($"{kind} {e.ErrorId}: {DisplayText.Excerpt(Encoding.Latin1.GetString(bytes), 90)}");
            }
        }

        output.WriteLine($"broken bytes: tried {tried}, held {held}");
        Assert.True(tried >= 150);
        Assert.Equal(tried, held);
    }

    [Fact]
    public void Sixty_four_levels_are_taken()
    {
        string nested = new string('[', 63) + new string(']', 63);
        ManifestDocument.Parse(Documents.Bytes("{\"x\":" + nested + "," + Documents.Manifest[1..]), "x");
        ManifestDocument.Parse(Documents.Bytes("{\"x\":\"\\ud83d\\ude00\"," + Documents.Manifest[1..]), "x");
    }

    [Theory]
    [InlineData("manifest", "schemaVersion")]
    [InlineData("manifest", "config")]
    [InlineData("manifest", "layers")]
    [InlineData("manifest", "size")]
    [InlineData("manifest", "digest")]
    [InlineData("index", "schemaVersion")]
    [InlineData("index", "size")]
    [InlineData("index", "digest")]
    [InlineData("config", "rootfs")]
    [InlineData("config", "os")]
    [InlineData("config", "architecture")]
    [InlineData("config", "type")]
    public void A_required_key_must_be_there(string kind, string key)
    {
        string text = kind switch { "manifest" => Documents.Manifest, "index" => Documents.Index, _ => Documents.Config };
        int at = text.IndexOf($"\"{key}\":", StringComparison.Ordinal);
        Assert.Equal("MalformedDocument", Assert.Throws<MalformedException>(() => Documents.Parse(kind, Documents.Bytes(text.Insert(at + 1, "x-")))).ErrorId);
    }

    [Fact]
    public void A_document_over_its_limit_is_refused_unread()
    {
        byte[] large = new byte[Limits.Manifest + 1];
        Assert.Equal("TooLarge", Assert.Throws<RefusedException>(() => ManifestDocument.Parse(large, "x")).ErrorId);
        Assert.Equal("TooLarge", Assert.Throws<RefusedException>(() => ImageConfig.Parse(new byte[Limits.Config + 1], "x")).ErrorId);
    }

    [Theory]
    [InlineData("aHR0cHM6Ly9naXRodWIuY29tL29wZW5jb250YWluZXJzCg", "MalformedDocument")]
    [InlineData("!", "MalformedDocument")]
    [InlineData("aGVsbG8=", "DigestMismatch")]
    [InlineData("", "DigestMismatch")]
    public void Embedded_data_must_be_what_the_descriptor_states(string data, string id) => Assert.Equal(id, Assert.ThrowsAny<OciException>(() =>
        ManifestDocument.Parse(Documents.Bytes(Documents.Manifest.Replace("\"size\":7,", $"\"size\":34,\"data\":\"{data}\",", StringComparison.Ordinal)), "x")).ErrorId);

    // the value ends where its brackets close
    private static string ReplaceValue(string text, string key, string value)
    {
        string quoted = $"\"{key}\":";
        int start = text.IndexOf(quoted, StringComparison.Ordinal) + quoted.Length;
        int depth = 0, end = start;
        bool inText = false;
        for (; ; end++)
        {
            char c = text[end];
            if (c == '"') inText = !inText;
            if (inText) continue;
            if (depth == 0 && c is ',' or '}' or ']' && end > start && depth == 0) break;
            if (c is '{' or '[') depth++;
            if (c is '}' or ']' && --depth == 0)
            {
                end++;
                break;
            }
        }

        return string.Concat(text.AsSpan(0, start), value, text.AsSpan(end));
    }
}
