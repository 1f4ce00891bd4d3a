using OciTools.Operations;
using OciTools.Operations.Removing;
using OciTools.Stores.Registry;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Operations;

public sealed class ImageRemovalTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Of_random_removals_none_loses_a_tag_that_was_not_named_in_any_registry()
    {
        Figure figure = new("F4 removals from fault registries");
        foreach (Deletion deletion in Enum.GetValues<Deletion>())
        {
            int count = deletion is Deletion.Specified or Deletion.DigestsOnly ? 50 : 12;
            for (int seed = 0; seed < count; seed++)
            {
                await using FakeRegistry registry = await FakeRegistry.StartAsync();
                Random random = new(seed);
                FakeRepository app = Fill(registry, deletion, random);
                Dictionary<string, string> before = new(app.Tags, StringComparer.Ordinal);
                string[] named = [.. before.Keys.Where(_ => random.Next(3) == 0)];
                if (named.Length == 0) named = [before.Keys.First()];
                string[] names = [.. named.Select(tag => random.Next(3) == 0 ? $"app:{tag}@{before[tag]}" : $"app:{tag}")];
                TestDialog dialog = await RemoveAsync(registry, names);

                string[] lost = [.. before.Where(tag => !named.Contains(tag.Key) && app.Tags.GetValueOrDefault(tag.Key) != tag.Value).Select(tag => tag.Key)];
                string[] broken = [.. app.Tags.Values.Where(digest => !app.Manifests.Contains(digest))];
                bool isAnswered = dialog.Gone.Count + dialog.Failures.Count == named.Length && dialog.Gone.TrueForAll(gone => gone.IsGone == true && !app.Tags.ContainsKey(gone.Image.Split(':')[^1]));
                string[] moved = [.. app.Tags.Where(tag => before[tag.Key] != tag.Value).Select(tag => tag.Key)];
                figure.Check($"{deletion}, {seed}", lost.Length == 0 && broken.Length == 0 && isAnswered && moved.Length == 0,
                    $"lost {string.Join(' ', lost)}; broken {broken.Length}; moved {string.Join(' ', moved)}; {dialog.Gone.Count} gone, {dialog.Failures.Count} failed of {named.Length}: {dialog.Failures.FirstOrDefault().Failure?.Message}");
            }
        }

        figure.Report((50 * 2) + (12 * 6));
    }

    [Theory]
    [InlineData(Deletion.Specified, 0)]
    [InlineData(Deletion.DigestsOnly, 1)]
    internal async Task A_tag_that_shares_its_manifest_is_removed_alone(Deletion deletion, int replacements)
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        FakeRepository app = new(registry, deletion);
        string digest = app.AddImage("1", "1.0", "latest");
        TestDialog dialog = await RemoveAsync(registry, "app:1.0");
        RemovedImage gone = Assert.Single(dialog.Gone);
        Assert.Equal(($"{registry.Host}/app:1.0", RemovedKind.Tag, digest, (bool?)true, (bool?)false), (gone.Image, gone.Kind, gone.Digest, gone.IsGone, gone.IsImageGone));
        Assert.Equal(["latest"], app.Tags.Keys);
        Assert.Equal([digest], app.Manifests);
        Assert.Equal(replacements, registry.Requests.Count(request => request.Method == "PUT" && request.Path.EndsWith("/manifests/1.0", StringComparison.Ordinal)));
        Assert.Contains("the tag alone", Assert.Single(dialog.Questions), StringComparison.Ordinal);
        Assert.Contains($"{registry.Host}/app:latest", dialog.Questions[0], StringComparison.Ordinal);
        Assert.Single(registry.Requests, request => request.Path == "/v2/app/tags/list");
    }

    [Fact]
    public async Task A_manifest_goes_with_the_last_of_its_tags_and_stays_where_one_of_them_is_declined()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        FakeRepository app = new(registry, Deletion.DigestsOnly);
        string digest = app.AddImage("1", "1.0", "1");
        app.AddImage("2", "2.0");
        TestDialog dialog = await RemoveAsync(registry, new TestDialog { Answer = question => !question.Contains("2.0", StringComparison.Ordinal) }, "app:1.0", "app:1", "app:2.0");
        Assert.Equal(2, dialog.Questions.Count);
        Assert.Equal(["2.0"], app.Tags.Keys);
        Assert.DoesNotContain(digest, app.Manifests);
        Assert.All(dialog.Gone, gone => Assert.True(gone.IsImageGone));
        Assert.Single(registry.Requests, request => request.Method == "DELETE");
    }

    [Fact]
    public async Task A_child_of_an_index_stays_while_the_index_does_and_goes_with_it()
    {
        foreach (string index in new[] { "stays", "goes", "is declined" })
        {
            await using FakeRegistry registry = await FakeRegistry.StartAsync();
            FakeRepository app = new(registry, Deletion.DigestsOnly);
            string child = app.AddImage("1", "arm");
            string inner = app.AddIndex("inner", [child]);
            app.AddIndex("outer", [inner], "multi");
            string[] names = index == "stays" ? ["app:arm"] : ["app:arm", "app:multi"];
            TestDialog dialog = await RemoveAsync(registry, new TestDialog { Answer = question => index != "is declined" || !question.Contains("multi,", StringComparison.Ordinal) }, names);
            Assert.Empty(dialog.Failures);
            Assert.DoesNotContain("arm", app.Tags.Keys);
            Assert.Equal(index == "goes", !app.Manifests.Contains(child));
            Assert.Equal(index == "goes", !app.Tags.ContainsKey("multi"));
        }
    }

    [Fact]
    public async Task A_manifest_that_is_named_itself_goes_only_with_a_yes_to_all_that_is_lost()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        FakeRepository app = new(registry, Deletion.DigestsOnly);
        string digest = app.AddImage("1", "1.0", "latest");
        app.AddIndex("index", [digest], "multi");
        app.AddImage("signature", digest.Replace(':', '-') + ".sig");
        string name = $"app@{digest}";

        TestDialog no = await RemoveAsync(registry, new TestDialog { Loss = _ => false }, name, "app:1.0");
        Assert.Empty(no.Gone);
        string question = Assert.Single(no.LossQuestions);
        foreach (string part in new[] { "app:latest", "app:multi", ".sig" }) Assert.Contains(part, question, StringComparison.Ordinal);
        Assert.DoesNotContain("the tag " + registry.Host + "/app:1.0", question, StringComparison.Ordinal);
        Assert.Equal(4, app.Tags.Count);

        TestDialog nobody = await RemoveAsync(registry, new TestDialog { Loss = _ => throw ErrorCatalogue.ConfirmationNeeded.Error("nobody") }, name);
        Assert.Equal("ConfirmationNeeded", Assert.IsType<RefusedException>(Assert.Single(nobody.Failures).Failure).ErrorId);
        Assert.Equal(4, app.Tags.Count);

        TestDialog yes = await RemoveAsync(registry, new TestDialog(), name, "app:1.0");
        Assert.Equal([RemovedKind.Manifest, RemovedKind.Tag], yes.Gone.Select(gone => gone.Kind));
        Assert.Equal(3, yes.Gone[0].AlsoLost.Count);
        Assert.Equal(["multi", digest.Replace(':', '-') + ".sig"], app.Tags.Keys);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_is_lost_only_because_something_else_was_declined_is_asked_about(bool isAgreed)
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        FakeRepository app = new(registry, Deletion.DigestsOnly);
        string child = app.AddImage("1");
        string index = app.AddIndex("index", [child], "multi");
        TestDialog dialog = await RemoveAsync(registry, new TestDialog { Loss = question => isAgreed && question.Contains("a part of the index", StringComparison.Ordinal) }, $"app@{child}", $"app@{index}");
        Assert.Equal(2, dialog.LossQuestions.Count);
        Assert.Contains($"app@{child}. Lost with it, although not named: a part of the index", dialog.LossQuestions[1], StringComparison.Ordinal);
        Assert.Equal(isAgreed ? 1 : 0, dialog.Gone.Count);
        Assert.Equal(!isAgreed, app.Manifests.Contains(child));
        Assert.Contains(index, app.Manifests);
    }

    [Fact]
    public async Task A_tag_that_moved_is_left_alone_before_and_after_the_question()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        FakeRepository app = new(registry, Deletion.Specified);
        string first = app.AddImage("1", "1.0", "a");
        string second = app.AddImage("2", "2.0");
        TestDialog dialog = await RemoveAsync(registry, $"app:1.0@{second}");
        Assert.Equal("TagMoved", Assert.IsType<ConflictException>(Assert.Single(dialog.Failures).Failure).ErrorId);

        dialog = await RemoveAsync(registry, new TestDialog { Answer = _ => { app.Tags["1.0"] = second; return true; } }, $"app:1.0@{first}");
        Assert.Equal("TagMoved", Assert.IsType<ConflictException>(Assert.Single(dialog.Failures).Failure).ErrorId);
        Assert.Equal(3, app.Tags.Count);
        Assert.DoesNotContain(registry.Requests, request => request.Method is "DELETE" or "PUT");
    }

    [Fact]
    public async Task No_tag_is_replaced_where_that_is_forbidden_or_would_not_help()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        FakeRepository app = new(registry, Deletion.DigestsOnly);
        app.AddImage("1", "1.0", "latest");
        TestDialog dialog = await RemoveAsync(registry, new TestDialog { NoReplace = true }, "app:1.0");
        Assert.Equal("RemovalNotOffered", Assert.IsType<UnsupportedException>(Assert.Single(dialog.Failures).Failure).ErrorId);
        app.Deletion = Deletion.None;
        dialog = await RemoveAsync(registry, "app:1.0");
        Assert.Equal("RemovalNotOffered", Assert.IsType<UnsupportedException>(Assert.Single(dialog.Failures).Failure).ErrorId);
        Assert.DoesNotContain(registry.Requests, request => request.Method == "PUT");
    }

    [Fact]
    public async Task Tags_that_a_registry_has_taken_along_and_does_not_take_back_are_named_in_the_error()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        FakeRepository app = new(registry, Deletion.TagTakesManifest) { Before = request => request.Method == "PUT" ? new Fault { Status = 403 } : null };
        string digest = app.AddImage("1", "1.0", "latest");
        TestDialog dialog = await RemoveAsync(registry, "app:1.0");
        ConflictException error = Assert.IsType<ConflictException>(Assert.Single(dialog.Failures).Failure);
        Assert.Equal("TagsLost", error.ErrorId);
        Assert.Contains($"{registry.Host}/app:latest", error.Message, StringComparison.Ordinal);
        Assert.Contains(digest, error.Message, StringComparison.Ordinal);
        Assert.Empty(dialog.Gone);
    }

    [Fact]
    public async Task A_tag_that_is_left_under_a_placeholder_is_an_error_that_says_what_it_stood_for()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        FakeRepository app = new(registry, Deletion.DigestsOnly);
        string digest = app.AddImage("1", "1.0", "latest");
        int puts = 0;
        app.Before = request => (request.Method == "PUT" && request.Path.EndsWith("/manifests/1.0", StringComparison.Ordinal) && ++puts > 1) || (request.Method == "DELETE" && puts == 1) ? new Fault { Status = 403 } : null;
        TestDialog dialog = await RemoveAsync(registry, "app:1.0");
        ConflictException error = Assert.IsType<ConflictException>(Assert.Single(dialog.Failures).Failure);
        Assert.Equal("TagsLost", error.ErrorId);
        foreach (string part in new[] { digest, app.Tags["1.0"], "placeholder" }) Assert.Contains(part, error.Message, StringComparison.Ordinal);
        Assert.NotEqual(digest, app.Tags["1.0"]);
        Assert.Equal((digest, 2), (app.Tags["latest"], puts));
    }

    [Fact]
    public async Task Where_it_cannot_be_known_what_would_be_lost_nothing_is_removed()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        FakeRepository app = new(registry, Deletion.Specified);
        app.AddImage("1", "1.0", "latest");
        foreach (string path in new[] { "/v2/app/tags/list", "/v2/app/manifests/latest" })
        {
            app.Before = request => request.Path == path ? new Fault { Status = 403 } : null;
            await Assert.ThrowsAsync<AccessException>(() => RemoveAsync(registry, "app:1.0"));
        }

        Assert.DoesNotContain(registry.Requests, request => request.Method is "DELETE" or "PUT");
    }

    [Fact]
    public async Task A_name_that_is_not_there_is_an_error_of_its_own()
    {
        await using FakeRegistry registry = await FakeRegistry.StartAsync();
        FakeRepository app = new(registry, Deletion.Specified);
        app.AddImage("1", "1.0");
        string nobodys = "sha256:" + new string('a', 64);
        TestDialog dialog = await RemoveAsync(registry, "app:none", $"app@{nobodys}", "app:1.0");
        Assert.Equal(["app:none", $"app@{nobodys}"], dialog.Failures.Select(failure => failure.Name));
        Assert.All(dialog.Failures, failure => Assert.Equal("ImageNotFound", ((OciException)failure.Failure).ErrorId));
        Assert.Single(dialog.Gone);
        Assert.Empty(app.Tags);
    }

    // images, some of them in indexes, some of those in another one; one to three tags each
    private static FakeRepository Fill(FakeRegistry registry, Deletion deletion, Random random)
    {
        FakeRepository app = new(registry, deletion);
        int tag = 0;
        List<string> all = [];
        int count = random.Next(2, 6);
        for (int i = 0; i < count; i++)
        {
            string[] tags = [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => $"t{tag++}")];
            all.Add(all.Count > 0 && random.Next(3) == 0 ? app.AddIndex($"{i}", all.Where(_ => random.Next(2) == 0).Append(all[0]).Distinct(), tags) : app.AddImage($"{i}", tags));
        }

        return app;
    }

    private static Task<TestDialog> RemoveAsync(FakeRegistry registry, params string[] names) => RemoveAsync(registry, new TestDialog(), names);

    private static async Task<TestDialog> RemoveAsync(FakeRegistry registry, TestDialog dialog, params string[] names)
    {
        RegistryStore store = new RegistrySession().Open(registry.Host);
        await using ImagePlaces places = new(new FixedOpener(store));
        RemovalName[] removals = [.. names.Select(name => new RemovalName(name, ImageLocation.Parse($"{registry.Host}/{name}")))];
        await new ImageRemoval(places, dialog.Force, dialog.NoReplace).RunAsync(removals, dialog, Stop);
        return dialog;
    }
}
