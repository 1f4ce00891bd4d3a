using System.Runtime.CompilerServices;
using OciTools.Stores.Http;
using OciTools.Stores.Registry;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Registry;

public sealed class TokenCacheTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Tokens_that_are_over_are_not_kept_and_those_that_hold_are()
    {
        TokenCache cache = new();
        SettableTime time = new();
        WeakReference[] old = [.. await FillAsync(cache, time, "old", 1500)];
        time.Advance(TimeSpan.FromMinutes(10));
        WeakReference[] fresh = [.. await FillAsync(cache, time, "new", 1500)];
        GC.Collect();
        Assert.Equal(0, old.Count(token => token.IsAlive));
        Assert.Equal(1500, fresh.Count(token => token.IsAlive));
        BearerToken again = await cache.GetAsync(Key("new", 7), null, _ => throw new InvalidOperationException("asked again"), time, Stop);
        Assert.Equal("new 7", again.Value);
        GC.KeepAlive(cache);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static async Task<List<WeakReference>> FillAsync(TokenCache cache, TimeProvider time, string name, int count)
    {
        List<WeakReference> tokens = [];
        for (int i = 0; i < count; i++)
        {
            int number = i;
            tokens.Add(new WeakReference(await cache.GetAsync(Key(name, i), null, _ => Task.FromResult(new BearerToken($"{name} {number}", time.GetUtcNow().AddMinutes(5))), time, Stop)));
        }

        return tokens;
    }

    private static TokenKey Key(string name, int number) => new("https://registry.example:443", new HttpPolicy(), "https://registry.example/token", null, $"repository:{name}/{number}:pull", "");
}
