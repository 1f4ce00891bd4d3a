using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace OciTools.UnitTests.Support;

/// <summary>Joins each connection to another port, byte by byte: counts them, holds them to a rate, and cuts a connection where it is told to.</summary>
internal sealed class CuttingRelay : IAsyncDisposable
{
    private const int BlockSize = 64 * 1024;

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _lock = new();
    private readonly int _target;
    private readonly Task _loop;
    private long _left = long.MaxValue;
    private long _up;
    private long _down;
    private long _due;

    /// <param name="target">The port that connections are joined to.</param>
    internal CuttingRelay(int target)
    {
        _target = target;

        // what a slow line has not taken is still at the sender
        _listener.Server.ReceiveBufferSize = BlockSize;
        _listener.Start();
        _loop = AcceptAsync();
    }

    /// <summary>Host and port, as the registry part of a reference.</summary>
    internal string Host => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");

    /// <summary>Bytes per second, in both directions together; 0 for any.</summary>
    internal long Rate { get; init; }

    /// <summary>The bytes that clients sent.</summary>
    internal long Up => Interlocked.Read(ref _up);

    /// <summary>The bytes that clients were sent.</summary>
    internal long Down => Interlocked.Read(ref _down);

    /// <summary>How many connections were cut.</summary>
    internal int Cuts { get; private set; }

    /// <summary>Whether the client sees a reset, which takes away what it has not read yet, or the end of the connection.</summary>
    internal bool Resets { get; set; }

    /// <summary>Awaited before a connection is cut.</summary>
    internal Func<Task>? BeforeCut { get; init; }

    /// <summary>The bytes sent to clients after which another connection is cut, again and again; null for none.</summary>
    internal long? CutsEvery { get; init; }

    /// <summary>Cuts the connection that carries the byte after so many that clients are sent from now on; null takes it back.</summary>
    internal void CutAfter(long? bytes)
    {
        lock (_lock) _left = bytes ?? long.MaxValue;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        _listener.Stop();
        await _loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            Socket near = await _listener.AcceptSocketAsync(_stop.Token);
            _ = Task.Run(() => ServeAsync(near));
        }
    }

    private async Task ServeAsync(Socket near)
    {
        using Socket far = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        using (near)
        {
            try
            {
                near.NoDelay = far.NoDelay = true;
                await far.ConnectAsync(IPAddress.Loopback, _target, _stop.Token);
                Task up = UpAsync(near, far);
                Task down = DownAsync(near, far);

                // what breaks on one side is seen on the other; a side that has only said all may still listen
                if (await Task.WhenAny(up, down) == up && up.IsCompletedSuccessfully) await down;
                else if (down.IsCompletedSuccessfully) await Task.WhenAny(up, Task.Delay(TimeSpan.FromSeconds(5), _stop.Token));
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
            {
                // one of the sides left, or was cut off
            }
        }
    }

    private async Task UpAsync(Socket near, Socket far)
    {
        byte[] block = new byte[BlockSize];
        int count;
        while ((count = await near.ReceiveAsync(block, _stop.Token)) > 0)
        {
            Interlocked.Add(ref _up, count);
            await PaceAsync(count);
            await SendAsync(far, block.AsMemory(0, count));
        }

        far.Shutdown(SocketShutdown.Send);
    }

    private async Task DownAsync(Socket near, Socket far)
    {
        byte[] block = new byte[BlockSize];
        int count;
        while ((count = await far.ReceiveAsync(block, _stop.Token)) > 0)
        {
            await PaceAsync(count);
            int taken = Take(count);
            Interlocked.Add(ref _down, taken);
            await SendAsync(near, block.AsMemory(0, taken));
            if (taken == count) continue;
            if (BeforeCut is { } before) await before();
            if (Resets) near.LingerState = new LingerOption(true, 0);
            near.Close();
            far.Close();
            return;
        }

        near.Shutdown(SocketShutdown.Send);
    }

    private async Task SendAsync(Socket socket, ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty) bytes = bytes[await socket.SendAsync(bytes, _stop.Token)..];
    }

    // how many bytes of a block go on; fewer than it has where the connection is to be cut
    private int Take(int count)
    {
        lock (_lock)
        {
            if (_left >= count)
            {
                if (_left != long.MaxValue) _left -= count;
                return count;
            }

            int taken = (int)_left;
            _left = CutsEvery ?? long.MaxValue;
            Cuts++;
            return taken;
        }
    }

    private async Task PaceAsync(int count)
    {
        if (Rate == 0) return;
        TimeSpan wait;
        lock (_lock)
        {
            long now = TimeProvider.System.GetTimestamp();
            _due = Math.Max(_due, now) + (count * TimeProvider.System.TimestampFrequency / Rate);
            wait = TimeProvider.System.GetElapsedTime(now, _due);
        }

        // a timer is too coarse for less
        if (wait > TimeSpan.FromMilliseconds(5)) await Task.Delay(wait, _stop.Token);
    }
}
