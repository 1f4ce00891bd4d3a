using System.Text.Json;
using OciTools.Stores;
using OciTools.Stores.Engine;

namespace OciTools.UnitTests.Engine;

public sealed class PodmanRealEngineTests : RealEngineTests, IDisposable
{
    public void Dispose() => RemoveFolder();

    [Fact]
    public async Task Podman_says_the_same_of_itImages()
    {
        string socket = Socket("OCITOOLS_TEST_PODMAN_SOCKET");
        await using EngineStore store = await OpenAsync(socket);
        Assert.True(store.IsPodman);
        string[] podman = ["--remote", "--url", "unix://" + socket];
        int rowCount = 0, layerCount = 0, joined = 0;
        foreach ((string name, string steps, _) in Images)
        {
            string image = $"localhost/ocitools-test-{name}:1";
            await BuildAsync("podman", [.. podman, "build", "--format", "docker", "--network", "host", "--isolation", "chroot", "-t", image, "."], steps);

            UnpackedImage unpacked = await store.InspectAsync(ImageLocation.Parse("docker-daemon:" + image), Stop);
            JsonElement inspect = Json(await RunAsync("podman", [.. podman, "image", "inspect", image]))[0];
            ExpectConfig(inspect, unpacked.Config);
            Assert.Equal("sha256:" + Text(inspect, "Id"), unpacked.Config.ImageId);

            JsonElement history = Json(await RunAsync("podman", [.. podman, "history", "--no-trunc", "--format", "json", image]));
            Assert.Equal(history.GetArrayLength(), unpacked.EngineHistory!.Count);
            foreach ((JsonElement expected, EngineHistoryRow row) in history.EnumerateArray().Zip(unpacked.EngineHistory))
            {
                Assert.Equal(Text(expected, "CreatedBy"), row.CreatedBy);
                Assert.Equal(expected.GetProperty("size").GetInt64(), row.Size);
                rowCount++;
            }

            layerCount += await ExpectLayersAsync(store, unpacked);

            // Podman counts the bytes of the tar, which no layer lacks: there always is one way.
            joined += await ExpectJoinAsync("podman", [.. podman, "save", "--format", "docker-archive", "-o"], image, unpacked, isOneWay: true);
        }

        Report("podman", rowCount, layerCount, joined);
    }
}
