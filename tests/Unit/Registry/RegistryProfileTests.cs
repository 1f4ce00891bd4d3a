using OciTools.Operations;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Registry;

public sealed class RegistryProfileTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Every_operation_does_what_it_should_with_the_habits_of_every_registry()
    {
        Figure figure = new("C9, registries and operations");
        foreach (RegistryProfile profile in RegistryProfile.All)
        {
            await using FakeRegistry registry = await FakeRegistry.StartAsync();
            await using FakeRegistry storage = await FakeRegistry.StartAsync();
            storage.OnRequest = request => request.Header("Authorization") is null ? null : new Fault { Status = 400 };
            RegistryWorld world = new(registry, storage, Path.Join(_folder.Path, profile.Name.Replace(' ', '-')), profile.WantsAccount ? RegistrySession.AsAlice : RegistrySession.Access);
            if (profile.Name == "Azure") world.Uploads.LocationOf = path => $"{path}?_nouploadcache=false&_state=a%2Fb";
            world.Uploads.Before = profile.Habits(registry, storage);
            await using ImagePlaces places = world.Places;
            foreach ((string operation, Func<RegistryWorld, Task<string>> run) in RegistryWorld.Operations)
            {
                string found = await world.OutcomeAsync(run);
                string expected = profile.Expected.GetValueOrDefault(operation, "right");
                bool held = found == expected || (expected == "error" && found is not ("right" or "none" or "hangs"));
                figure.Check($"{profile.Name}, {operation}", held, $"{found}, not {expected}");
            }
        }

        figure.Report(180);
    }
}
