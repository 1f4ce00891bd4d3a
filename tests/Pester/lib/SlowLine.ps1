#Requires -Version 7.6
<#
.SYNOPSIS
    A slow line to a server: every connection to it is joined to another port, with a delay and at a rate. Dot-sourced by the tests.
#>
if (-not ('OciTools.Tests.SlowLine' -as [type])) {
    Add-Type -TypeDefinition @'
using System;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;

namespace OciTools.Tests
{
    public sealed class SlowLine : IDisposable
    {
        private const int BlockSize = 32 * 1024;
        private readonly TcpListener _listener = new TcpListener(IPAddress.Loopback, 0);
        private readonly object _lock = new object();
        private readonly int _target;
        private readonly long _rate;
        private readonly TimeSpan _delay;
        private long _bytes;
        private double _due;

        public SlowLine(int target, long bytesPerSecond, int milliseconds)
        {
            _target = target;
            _rate = bytesPerSecond;
            _delay = TimeSpan.FromMilliseconds(milliseconds);
            // what the line has not taken is still at the sender
            _listener.Server.ReceiveBufferSize = BlockSize;
            _listener.Start();
            _ = AcceptAsync();
        }

        public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

        public long Bytes => Interlocked.Read(ref _bytes);

        public void Dispose() => _listener.Stop();

        private async Task AcceptAsync()
        {
            try
            {
                while (true)
                {
                    Socket near = await _listener.AcceptSocketAsync().ConfigureAwait(false);
                    _ = Task.Run(() => JoinAsync(near));
                }
            }
            catch (Exception e) when (e is SocketException || e is ObjectDisposedException) { }
        }

        private async Task JoinAsync(Socket near)
        {
            using (near)
            using (Socket far = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp))
            {
                try
                {
                    near.NoDelay = far.NoDelay = true;
                    await far.ConnectAsync(IPAddress.Loopback, _target).ConfigureAwait(false);
                    // whichever side leaves, the other is told at once
                    await Task.WhenAny(PumpAsync(near, far), PumpAsync(far, near)).ConfigureAwait(false);
                }
                catch (SocketException) { }
            }
        }

        private async Task PumpAsync(Socket from, Socket to)
        {
            byte[] block = new byte[BlockSize];
            try
            {
                int count;
                while ((count = await from.ReceiveAsync(block.AsMemory(), SocketFlags.None).ConfigureAwait(false)) > 0)
                {
                    await Task.Delay(_delay + Turn(count)).ConfigureAwait(false);
                    Interlocked.Add(ref _bytes, count);
                    for (int sent = 0; sent < count;) sent += await to.SendAsync(block.AsMemory(sent, count - sent), SocketFlags.None).ConfigureAwait(false);
                }
            }
            catch (Exception e) when (e is SocketException || e is ObjectDisposedException) { }
        }

        private TimeSpan Turn(int count)
        {
            lock (_lock)
            {
                double now = Environment.TickCount64 / 1000.0;
                _due = Math.Max(_due, now) + (double)count / _rate;
                return TimeSpan.FromSeconds(_due - now);
            }
        }
    }
}
'@
}
