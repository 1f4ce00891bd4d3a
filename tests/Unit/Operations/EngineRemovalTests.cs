using Microsoft.AspNetCore.Http;
using OciTools.Operations;
using OciTools.Operations.Removing;
using OciTools.UnitTests.Engine;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Operations;

/// <summary>An engine knows names only; what they stand for may change between the question and the removal.</summary>
public sealed class EngineRemovalTests
{
    private static readonly string s_id = "sha256:" + new string('a', 64);
    private static readonly string s_other = "sha256:" + new string('b', 64);

    private readonly Dictionary<string, string> _names = new(StringComparer.Ordinal) { ["app:1"] = s_id, ["app:2"] = s_id };
    private readonly HashSet<string> _refused = new(StringComparer.Ordinal);
    private readonly List<string> _deleted = [];

    [Fact]
    public async Task A_name_that_stands_for_another_image_since_the_question_is_left_alone()
    {
        TestDialog dialog = await RemoveAsync(new TestDialog { Answer = _ => { _names["app:1"] = s_other; return true; } }, "app:1", "app:2");
        Assert.Equal(["docker-daemon:app:2"], dialog.Gone.Select(gone => gone.Image));
        (Exception failure, string name) = Assert.Single(dialog.Failures);
        Assert.Equal(("TagMoved", "docker-daemon:app:1"), (Assert.IsType<ConflictException>(failure).ErrorId, name));
        Assert.Equal(["app:2"], _deleted);
    }

    [Fact]
    public async Task A_name_that_is_gone_is_said_to_be_gone_although_another_one_could_not_be_removed()
    {
        _refused.Add("app:2");
        TestDialog dialog = await RemoveAsync(new TestDialog(), "app:1", "app:2");
        RemovedImage gone = Assert.Single(dialog.Gone);
        Assert.Equal(("docker-daemon:app:1", (bool?)true, (bool?)false), (gone.Image, gone.IsGone, gone.IsImageGone));
        (Exception failure, string name) = Assert.Single(dialog.Failures);
        Assert.Equal(("ImageInUse", "docker-daemon:app:2"), (Assert.IsType<ConflictException>(failure).ErrorId, name));
    }

    [Fact]
    public async Task An_image_that_has_got_another_name_since_the_question_stays()
    {
        TestDialog dialog = await RemoveAsync(new TestDialog { Loss = _ => { _names["app:new"] = s_id; return true; } }, s_id);
        Assert.Empty(dialog.Gone);
        ConflictException error = Assert.IsType<ConflictException>(Assert.Single(dialog.Failures).Failure);
        Assert.Equal("ImageInUse", error.ErrorId);
        Assert.Contains("app:new", error.Message, StringComparison.Ordinal);
        Assert.Empty(_deleted);
    }

    [Fact]
    public async Task An_image_goes_with_the_names_that_were_agreed_to()
    {
        TestDialog dialog = await RemoveAsync(new TestDialog { Loss = _ => { _names["app:2"] = s_other; return true; } }, "app:1", s_id);
        Assert.Empty(dialog.Failures);
        Assert.Equal([RemovedKind.Tag, RemovedKind.Image], dialog.Gone.Select(gone => gone.Kind));
        Assert.Equal(s_other, _names["app:2"]);
        Assert.DoesNotContain(s_id, _names.Values);
    }

    private async Task<TestDialog> RemoveAsync(TestDialog dialog, params string[] names)
    {
        await using ScriptedEngine engine = await ScriptedEngine.StartAsync("1.41");
        foreach (string name in (string[])["app:1", "app:2", "app:new", s_id, s_other])
            engine.On($"/images/{name}/json", context => InspectAsync(context, name)).On($"/images/{name}", context => DeleteAsync(context, name));
        await using ImagePlaces places = new(new FixedOpener(await engine.OpenAsync()));
        RemovalName[] removals = [.. names.Select(name => new RemovalName("docker-daemon:" + name, ImageLocation.Parse("docker-daemon:" + name)))];
        await new ImageRemoval(places, dialog.Force, dialog.NoReplace).RunAsync(removals, dialog, TestContext.Current.CancellationToken);
        return dialog;
    }

    private string? IdOf(string name) => _names.GetValueOrDefault(name) ?? (_names.ContainsValue(name) ? name : null);

    private async Task InspectAsync(HttpContext context, string name)
    {
        string? id = IdOf(name);
        if (id is null) context.Response.StatusCode = 404;
        else await context.Response.WriteAsync($$"""{"Id":"{{id}}","RepoTags":[{{string.Join(',', _names.Where(one => one.Value == id).Select(one => $"\"{one.Key}\""))}}]}""");
    }

    private async Task DeleteAsync(HttpContext context, string name)
    {
        Assert.Equal("DELETE", context.Request.Method);
        if (_refused.Contains(name)) context.Response.StatusCode = 409;
        else if (IdOf(name) is not { } id) context.Response.StatusCode = 404;
        else
        {
            _deleted.Add(name);
            if (!_names.Remove(name))
                foreach (string own in _names.Keys.Where(key => _names[key] == id).ToArray()) _names.Remove(own);
        }

        await context.Response.WriteAsync("[]");
    }
}
