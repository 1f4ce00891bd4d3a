using System.Text.Json;

namespace OciTools.Stores.Engine;

/// <summary>Says what an engine uses, and removes images and build cache one by one, never more than what was named.</summary>
internal sealed class EngineCleaner(EngineClient client)
{
    private readonly EngineCommands _commands = new(client);

    /// <summary>Asks what there is and what of it is used.</summary>
    internal async Task<EngineUsage> ReadAsync(CancellationToken cancellationToken)
    {
        // the newer ones count for a while in volumes and containers unless told not to
        string types = client.IsAtLeast(1, 42) ? "?type=image&type=build-cache" : "";
        byte[] images = await AskAsync("images/json?all=1", "list of all images", cancellationToken).ConfigureAwait(false);
        byte[] usage = await AskAsync("system/df" + types, "disk usage", cancellationToken).ConfigureAwait(false);

        // last, so that no container is missing that was made of one of those images
        byte[] containers = await AskAsync("containers/json?all=1", "list of containers", cancellationToken).ConfigureAwait(false);
        return new EngineUsage(EngineUsageDocuments.ReadImages(images, usage), EngineUsageDocuments.ReadContainers(containers), EngineUsageDocuments.ReadCache(usage));
    }

    /// <summary>Removes an image with its names. The engine refuses it where a container uses the image or another image is built on it.</summary>
    /// <exception cref="ConflictException">It is used, or has got another name since it was listed (<c>ImageInUse</c>).</exception>
    internal async Task RemoveAsync(EngineUsedImage image, CancellationToken cancellationToken)
    {
        string what = $"image {image.Id}";
        byte[]? inspect = await FindAsync(image.Id.ToString(), what, cancellationToken).ConfigureAwait(false);

        // an engine may take a parent with the last of its children
        if (inspect is null) return;
        (_, IReadOnlyList<string> names) = EngineUsageDocuments.ReadNames(inspect);
        if (names.FirstOrDefault(name => !image.Tags.Contains(name) && !image.RegistryNames.Contains(name)) is { } isNew)
            throw ErrorCatalogue.ImageInUse.Error($"The {what} stays: it has got the name {DisplayText.Excerpt(isNew)} since it was listed.");

        // one that has many names goes by its id only when it has one left
        List<string> left = [.. NamesToTake(image).Where(names.Contains)];
        foreach (string name in left.Take(left.Count - 1)) await RemoveNameAsync(name, image.Id, cancellationToken).ConfigureAwait(false);
        byte[] answer = await _commands.SendAsync(HttpMethod.Delete, $"images/{image.Id}?noprune=1", $"remove the {what}", ErrorCatalogue.ImageNotFound, cancellationToken).ConfigureAwait(false);
        if (!EngineUsageDocuments.ReadDeleted(answer).Contains(image.Id))
            throw ErrorCatalogue.ImageInUse.Error($"The {what} has lost its names and stays: the engine says that something else still needs it.");
    }

    /// <summary>Removes a record of the build cache.</summary>
    /// <exception cref="ConflictException">The engine needs it (<c>ImageInUse</c>).</exception>
    internal async Task RemoveAsync(EngineCacheRecord record, CancellationToken cancellationToken)
    {
        string filter = Uri.EscapeDataString($$"""{"id":["{{JsonEncodedText.Encode(record.Id)}}"]}""");
        byte[] answer = await _commands.SendAsync(HttpMethod.Post, $"build/prune?all=1&filters={filter}", $"remove the build cache {record.Id}", ErrorCatalogue.ProtocolViolation, cancellationToken).ConfigureAwait(false);
        if (!EngineUsageDocuments.ReadPruned(answer).Contains(record.Id))
            throw ErrorCatalogue.ImageInUse.Error($"The build cache {DisplayText.Excerpt(record.Id)} stays: the engine needs it, or it is gone already.");
    }

    // A repository's names by digest go with its last tag.
    private static IEnumerable<string> NamesToTake(EngineUsedImage image)
    {
        HashSet<string> tagged = [.. image.Tags.Select(Repository)];
        return image.RegistryNames.Where(name => !tagged.Contains(Repository(name))).Concat(image.Tags);
    }

    private static string Repository(string name) => ImageReference.TryParse(name, out ImageReference? reference) ? reference.Name : name;

    private async Task RemoveNameAsync(string name, Digest id, CancellationToken cancellationToken)
    {
        // a name that stands for another image by now is none of this one's
        byte[]? inspect = await FindAsync(name, $"image {name}", cancellationToken).ConfigureAwait(false);
        if (inspect is null || EngineUsageDocuments.ReadNames(inspect).Id != id) return;
        await _commands.SendAsync(HttpMethod.Delete, $"images/{EngineClient.Escape(name)}?noprune=1", $"take the name {name} from the image {id}", ErrorCatalogue.ImageNotFound, cancellationToken).ConfigureAwait(false);
    }

    private async Task<byte[]?> FindAsync(string name, string what, CancellationToken cancellationToken)
    {
        try
        {
            return await client.GetDocumentAsync($"images/{EngineClient.Escape(name)}/json", what, ErrorCatalogue.ImageNotFound, cancellationToken).ConfigureAwait(false);
        }
        catch (NotFoundException)
        {
            return null;
        }
    }

    private Task<byte[]> AskAsync(string path, string what, CancellationToken cancellationToken) =>
        client.GetDocumentAsync(path, what, ErrorCatalogue.ProtocolViolation, cancellationToken);
}
