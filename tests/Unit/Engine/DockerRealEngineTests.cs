using System.Globalization;
using System.Text.Json;
using OciTools.Stores;
using OciTools.Stores.Engine;

namespace OciTools.UnitTests.Engine;

[Collection("Docker")]
public sealed class DockerRealEngineTests : RealEngineTests, IDisposable
{
    public void Dispose() => RemoveFolder();

    [Fact]
    public async Task Docker_says_the_same_of_itImages()
    {
        string socket = Socket("OCITOOLS_TEST_DOCKER_SOCKET");
        await using EngineStore store = await OpenAsync(socket);
        int rowCount = 0, layerCount = 0, joined = 0;
        foreach ((string name, string steps, bool isOneWay) in Images)
        {
            string image = $"ocitools-test-{name}:1";
            await BuildAsync("docker", ["-H", "unix://" + socket, "build", "--network", "host", "-t", image, "."], steps);

            UnpackedImage unpacked = await store.InspectAsync(ImageLocation.Parse("docker-daemon:" + image), Stop);
            JsonElement inspect = Json(await RunAsync("docker", "-H", "unix://" + socket, "image", "inspect", image))[0];
            ExpectConfig(inspect, unpacked.Config);
            Assert.Equal(Text(inspect, "Id"), unpacked.Config.ImageId);

            string[] history = (await RunAsync("docker", "-H", "unix://" + socket, "history", "--no-trunc", "--human=false", "--format", "{{json .}}", image)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
            Assert.Equal(history.Length, unpacked.EngineHistory!.Count);
            foreach ((string line, EngineHistoryRow row) in history.Zip(unpacked.EngineHistory))
            {
                JsonElement expected = Json(line);
                Assert.Equal(Text(expected, "CreatedBy"), row.CreatedBy);
                Assert.Equal(Text(expected, "Size"), row.Size.ToString(CultureInfo.InvariantCulture));
                Assert.Equal(Text(expected, "ID"), row.ImageId ?? "<missing>");
                Assert.Equal(DateTimeOffset.Parse(Text(expected, "CreatedAt"), CultureInfo.InvariantCulture).LocalDateTime, row.Created);
                rowCount++;
            }

            layerCount += await ExpectLayersAsync(store, unpacked);
            joined += await ExpectJoinAsync("docker", ["-H", "unix://" + socket, "save", "-o"], image, unpacked, isOneWay);
        }

        await ExpectListAsync(store, await RunAsync("docker", "-H", "unix://" + socket, "image", "ls", "--no-trunc", "--format", "{{.Repository}}:{{.Tag}} {{.ID}}"));
        Report("docker", rowCount, layerCount, joined);
    }
}
