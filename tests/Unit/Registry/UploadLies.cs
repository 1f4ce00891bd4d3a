using System.Net;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Registry;

/// <summary>One way in which an upload endpoint lies.</summary>
/// <param name="Name">What it does.</param>
/// <param name="IsCured">Whether the image must get there all the same: the lie ends, or does no harm.</param>
/// <param name="Tell">The answer to a request; null hands the request on.</param>
internal sealed record UploadLie(string Name, bool IsCured, Func<UploadFront, ReceivedRequest, Task<FrontAnswer?>> Tell)
{
    /// <summary>Whether the upload goes in pieces.</summary>
    internal bool InPieces { get; init; }
}

/// <summary>The lies of <see cref="LyingUploadTests"/>. Each is told anew by the object that <see cref="All"/> gives.</summary>
internal static class UploadLies
{
    // what is larger is the layer
    internal const int LayerSize = 100_000;

    private const string Nowhere = "00000000-0000-0000-0000-000000000000";

    internal static IEnumerable<UploadLie> All(Uri elsewhere)
    {
        yield return new("the start of an upload is answered with another upload, which has bytes", true, Once(IsPost, async (front, request) =>
        {
            FrontAnswer other = await front.ForwardAsync(request);
            return await front.ForwardAsync(request, [1, 2, 3], other.Headers["Location"], "PATCH");
        }));
        yield return new("an upload is started twice", true, Once(IsPost, async (front, request) =>
        {
            await front.ForwardAsync(request);
            return await front.ForwardAsync(request);
        }));
        yield return new("the start of an upload is answered with one that there never was", true, Once(IsPost, async (front, request) =>
            (await front.ForwardAsync(request)).With("Location", request.Path + Nowhere)));
        yield return new("the start of an upload is answered as if all were there", false, Always(IsPost, (_, _) => Answer(HttpStatusCode.Created)));
        yield return new("an upload is led into another repository", true, Once(IsPost, (front, request) => front.ForwardAsync(request, path: "/v2/astray/blobs/uploads/")!));
        yield return new("an upload is led to another server", false, Always(IsPost, async (front, request) =>
            (await front.ForwardAsync(request)).With("Location", new Uri(elsewhere, "/v2/astray/blobs/uploads/1").ToString())));
        yield return new("a blob is taken and thrown away, once", true, Once(IsPut, (_, _) => Answer(HttpStatusCode.Created)));
        yield return new("a blob is taken and thrown away, always", false, Always(IsPut, (_, _) => Answer(HttpStatusCode.Created)));
        yield return new("a blob is answered with what another blob was answered with", false, Replayed());
        yield return new("a blob is written twice into one upload", true, Once(IsPut, async (front, request) =>
        {
            FrontAnswer first = await front.ForwardAsync(request, method: "PATCH");
            return await front.ForwardAsync(request, path: $"{first.Headers["Location"]}&{request.Query.Split('&')[^1]}");
        }));
        yield return new("a blob is cut short", true, Once(IsPut, (front, request) => front.ForwardAsync(request, request.Body[..(request.Body.Length / 2)])!));
        yield return new("a bit of a blob is flipped, once", true, Once(IsPut, (front, request) => front.ForwardAsync(request, Flipped(request.Body))!));
        yield return new("a bit of a blob is flipped, always", false, Always(IsPut, (front, request) => front.ForwardAsync(request, Flipped(request.Body))!));
        yield return new("another blob is stored under its own digest", true, Once(IsPut, async (front, request) =>
        {
            byte[] other = Flipped(request.Body);
            string digest = request.Query.Split("digest=")[1];
            await front.ForwardAsync(request, other, $"{request.Path}{request.Query.Replace(digest, Digest.Compute(other).ToString(), StringComparison.Ordinal)}");
            return FrontAnswer.Of(HttpStatusCode.Created, ("Docker-Content-Digest", Uri.UnescapeDataString(digest)));
        }));
        yield return new("the answer to a blob is lost", true, Once(IsPut, async (front, request) => await front.ForwardAsync(request) with { IsLost = true }));
        yield return new("a blob is taken with an error", true, Once(IsPut, async (front, request) => await front.ForwardAsync(request) with { Status = HttpStatusCode.InternalServerError }));
        yield return new("a blob is taken with 202", false, Always(IsPut, async (front, request) => await front.ForwardAsync(request) with { Status = HttpStatusCode.Accepted }));
        yield return new("a blob is finished twice, and the second answer comes", true, Once(IsPut, async (front, request) =>
        {
            await front.ForwardAsync(request);
            return await front.ForwardAsync(request);
        }));
        yield return new("a blob that is missing is there, it says", true, Once(IsLook, (_, _) => Answer(HttpStatusCode.OK)));
        yield return new("a blob that is missing is always there, it says", false, Always(IsLook, (_, _) => Answer(HttpStatusCode.OK)));
        yield return new("the end that a piece has reached stays the same", true, Always(IsPatch, async (front, request) => (await front.ForwardAsync(request)).With("Range", "0-4194303"))) { InPieces = true };
        yield return new("a piece has reached less than it has", true, Always(IsPatch, async (front, request) => (await front.ForwardAsync(request)).With("Range", "0-0"))) { InPieces = true };
        yield return new("a piece has reached more than there is", true, Always(IsPatch, async (front, request) => (await front.ForwardAsync(request)).With("Range", "0-99999999999"))) { InPieces = true };
        yield return new("a piece is thrown away", true, Once(IsPatch, (_, request) => Answer(HttpStatusCode.Accepted, ("Location", request.Path + request.Query), ("Range", "0-4194303")))) { InPieces = true };
        yield return new("a piece is written twice", true, Once(IsPatch, async (front, request) =>
        {
            FrontAnswer first = await front.ForwardAsync(request);
            return await front.ForwardAsync(request, path: first.Headers["Location"]);
        })) { InPieces = true };
        yield return new("a piece is cut short, and it says so", true, Once(IsPatch, (front, request) => front.ForwardAsync(request, request.Body[..1000])!)) { InPieces = true };
        yield return new("the answer to a piece is lost", true, Once(IsPatch, async (front, request) => await front.ForwardAsync(request) with { IsLost = true })) { InPieces = true };
        yield return new("a piece is taken, and refused as out of range", true, Once(IsPatch, async (front, request) => await front.ForwardAsync(request) with { Status = HttpStatusCode.RequestedRangeNotSatisfiable })) { InPieces = true };
        yield return new("a piece is taken as if it were the last", true, Once(IsPatch, async (front, request) => await front.ForwardAsync(request) with { Status = HttpStatusCode.Created })) { InPieces = true };
        yield return new("two pieces change their places", true, Swapped()) { InPieces = true };
        yield return new("a piece leads to another upload", true, Once(IsPatch, async (front, request) =>
        {
            FrontAnswer own = await front.ForwardAsync(request);
            FrontAnswer other = await front.ForwardAsync(request, [], request.Path[..(request.Path.LastIndexOf('/') + 1)], "POST");
            return own.With("Location", other.Headers["Location"]);
        })) { InPieces = true };
        yield return new("a piece leads back to where the upload began", true, Once(IsPatch, async (front, request) => (await front.ForwardAsync(request)).With("Location", request.Path + request.Query))) { InPieces = true };
    }

    private static bool IsPost(ReceivedRequest request) => request.Method == "POST";

    private static bool IsPatch(ReceivedRequest request) => request.Method == "PATCH";

    private static bool IsPut(ReceivedRequest request) => request.Method == "PUT" && request.Path.Contains("/blobs/", StringComparison.Ordinal) && request.Body.Length >= LayerSize;

    private static bool IsLook(ReceivedRequest request) => request.Method == "HEAD" && request.Path.Contains("/blobs/", StringComparison.Ordinal);

    private static Task<FrontAnswer?> Answer(HttpStatusCode status, params (string Name, string Value)[] headers) => Task.FromResult<FrontAnswer?>(FrontAnswer.Of(status, headers));

    private static Func<UploadFront, ReceivedRequest, Task<FrontAnswer?>> Always(Func<ReceivedRequest, bool> when, Func<UploadFront, ReceivedRequest, Task<FrontAnswer?>> lie) =>
        (front, request) => when(request) ? lie(front, request) : Task.FromResult<FrontAnswer?>(null);

    private static Func<UploadFront, ReceivedRequest, Task<FrontAnswer?>> Once(Func<ReceivedRequest, bool> when, Func<UploadFront, ReceivedRequest, Task<FrontAnswer?>> lie)
    {
        int told = 0;
        return (front, request) => when(request) && Interlocked.Exchange(ref told, 1) == 0 ? lie(front, request) : Task.FromResult<FrontAnswer?>(null);
    }

    // the layer gets what the config has got
    private static Func<UploadFront, ReceivedRequest, Task<FrontAnswer?>> Replayed()
    {
        TaskCompletionSource<FrontAnswer> recorded = new(TaskCreationOptions.RunContinuationsAsynchronously);
        return async (front, request) =>
        {
            if (request.Method != "PUT" || !request.Path.Contains("/blobs/", StringComparison.Ordinal)) return null;
            if (request.Body.Length >= LayerSize) return await recorded.Task;
            FrontAnswer answer = await front.ForwardAsync(request);
            recorded.TrySetResult(answer);
            return answer;
        };
    }

    // the first piece is written when the second has been
    private static Func<UploadFront, ReceivedRequest, Task<FrontAnswer?>> Swapped()
    {
        int pieces = 0;
        ReceivedRequest? held = null;
        return async (front, request) =>
        {
            if (!IsPatch(request)) return null;
            switch (++pieces)
            {
                case 1:
                    held = request;
                    return FrontAnswer.Of(HttpStatusCode.Accepted, ("Location", request.Path + request.Query), ("Range", $"0-{request.Body.Length - 1}"));
                case 2:
                    FrontAnswer second = await front.ForwardAsync(request);
                    return await front.ForwardAsync(held!, path: second.Headers["Location"]);
                default:
                    return null;
            }
        };
    }

    private static byte[] Flipped(byte[] bytes)
    {
        byte[] flipped = [.. bytes];
        flipped[flipped.Length / 3] ^= 4;
        return flipped;
    }
}
