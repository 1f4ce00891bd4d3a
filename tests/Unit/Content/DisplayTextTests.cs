using System.Collections.Frozen;
using System.Globalization;

namespace OciTools.UnitTests.Content;

public sealed class DisplayTextTests
{
    public static TheoryData<string> Payloads()
    {
        TheoryData<string> data =
        [
            "\u001B[31mred", "\u001B[2J\u001B[H", "\u001B]0;title\u0007", "\u001B]8;;http://x\u0007link\u001B]8;;\u0007", "\u001B]52;c;YQ==\u0007", "\u001BP1;2|x\u001B\\", "\u001B[6n", "\u001B[?1049h", "\u001Bc", "\u001B[1A\u001B[K",
            "\u009B31m", "\u0090q\u009C", "\u009D0;t\u009C", "\u0085next", "\u008D", "a\bb", "a\rb", "a\nb", "a\r\nb", "a\tb", "a\vb", "a\fb", "a\0b", "\u0007bell", "\u000E\u000F", "\u007Fdel", "\u0018\u001A",
            "\u202Egnp.exe", "\u202Aa\u202C", "\u202Ba", "\u202Da", "\u2066a\u2069", "\u2067a", "\u2068a", "\u200Ea", "\u200Fa", "\u061Ca", "\u206Aa", "\u206Fa", "\u2028line", "\u2029par", "\uFEFFbom", "\uFFF9a\uFFFAb\uFFFB", "\uD800", "a\uDC00b", "\uD83D\u001B\uDE00",
        ];
        return data;
    }

    [Fact]
    public void There_are_at_least_forty() => Assert.True(Payloads().Count >= 40, $"{Payloads().Count}");

    [Theory, MemberData(nameof(Payloads))]
    public void No_control_character_is_left(string payload)
    {
        foreach (string text in new[] { payload, "x" + payload + "y", string.Concat(Enumerable.Repeat(payload, 200)) })
        {
            AssertClean(DisplayText.Clean(text));
            for (int limit = 0; limit < 12; limit++) AssertClean(DisplayText.Excerpt(text, limit));
            AssertClean(DisplayText.Excerpt(text));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("plain text, 100 %")]
    [InlineData("Grüße 世界 😀 é")]
    public void Harmless_text_stays_as_it_is(string text)
    {
        Assert.Equal(text, DisplayText.Clean(text));
        Assert.Equal(text, DisplayText.Excerpt(text));
    }

    [Fact]
    public void An_excerpt_never_cuts_a_character_in_two()
    {
        for (int limit = 0; limit < 10; limit++) AssertClean(DisplayText.Excerpt("ab😀😀😀😀😀cd", limit));
        Assert.Equal("ab😀…", DisplayText.Excerpt("ab😀😀", 5));
    }

    // the kinds of maps that documents and results hold
    [Fact]
    public void A_map_is_shown_whatever_kind_it_is()
    {
        Dictionary<string, string> map = new() { ["a"] = "1", ["b"] = "x\u001By" };
        Assert.Equal("a=1\nb=x\uFFFDy", DisplayText.Map(map));
        Assert.Equal("a=1", DisplayText.Map(new Dictionary<string, string> { ["a"] = "1" }.ToFrozenDictionary()));
        Assert.Equal("a=1", DisplayText.Map(new System.Collections.Specialized.OrderedDictionary { ["a"] = "1" }));
        Assert.Equal("", DisplayText.Map(null));
    }

    [Fact]
    public void A_time_is_the_same_in_every_language()
    {
        CultureInfo before = CultureInfo.CurrentCulture;
        CultureInfo other = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        (other.DateTimeFormat.TimeSeparator, other.DateTimeFormat.DateSeparator, other.DateTimeFormat.ShortDatePattern) = (".", "/", "dddd d MMMM yyyy");
        try
        {
            CultureInfo.CurrentCulture = other;
            Assert.Equal("2026-12-31 23:59:58", DisplayText.Time(new DateTime(2026, 12, 31, 23, 59, 58, DateTimeKind.Local)));
            Assert.Equal("", DisplayText.Time(null));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public void One_thing_is_not_several()
    {
        Assert.Equal(["0 layers", "1 layer", "2 layers"], ((long[])[0, 1, 2]).Select(count => DisplayText.Count(count, "layer")));
        Assert.Equal(["1 entry", "2 entries"], ((long[])[1, 2]).Select(count => DisplayText.Count(count, "entry", "entries")));
    }

    private static void AssertClean(string text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            if (char.IsSurrogate(text[i]))
            {
                Assert.True(i + 1 < text.Length && char.IsSurrogatePair(text[i], text[i + 1]));
                i++;
                continue;
            }

            UnicodeCategory category = char.GetUnicodeCategory(text[i]);
            Assert.False(category is UnicodeCategory.Control or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator, $"U+{(int)text[i]:X4}");
            Assert.DoesNotContain(text[i], "\u061C\u200E\u200F\u202A\u202B\u202C\u202D\u202E\u2066\u2067\u2068\u2069");
        }
    }
}
