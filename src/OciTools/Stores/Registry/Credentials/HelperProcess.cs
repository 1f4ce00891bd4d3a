using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace OciTools.Stores.Registry.Credentials;

/// <summary>
/// Runs a credential helper under a time limit and an output limit. It never waits for the end of the helper's output alone: a program
/// that the helper left running in the background may hold it open for ever.
/// </summary>
internal static class HelperProcess
{
    // Everything the helper wrote lies in the pipe when it ends; this is for our own reader to take it out, and for nobody else.
    private static readonly TimeSpan s_drainTime = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_killTime = TimeSpan.FromSeconds(2);

    /// <summary>Runs the program.</summary>
    /// <param name="path">The absolute path of the program.</param>
    /// <param name="verb">What it is to do.</param>
    /// <param name="text">What it gets on its input.</param>
    /// <param name="timeLimit">How long it may take.</param>
    /// <param name="what">The helper, for messages.</param>
    /// <param name="cancellationToken">Kills the program and what it started.</param>
    internal static async Task<HelperAnswer> RunAsync(
        string path, string verb, string text, TimeSpan timeLimit, string what, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using Process process = Start(path, verb, what);
        HelperOutput answer = new(process.StandardOutput.BaseStream);
        Task<bool> output = Aside(answer.ReadToEnd);
        // read so that the helper does not block, and dropped
        Task errors = Aside(() => Drop(process.StandardError.BaseStream));
        Task input = Aside(() => Write(process.StandardInput.BaseStream, text));
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        stop.CancelAfter(timeLimit);
        try
        {
            Task exit = process.WaitForExitAsync(stop.Token);
            Task first = await Task.WhenAny(exit, output).ConfigureAwait(false);
            if (first == output && !await output.ConfigureAwait(false)) throw TooMuch(what);
            await exit.ConfigureAwait(false);
            await Task.WhenAny(output, Task.Delay(s_drainTime, stop.Token)).ConfigureAwait(false);
            if (output.IsCompleted && !await output.ConfigureAwait(false)) throw TooMuch(what);
            return new HelperAnswer(process.ExitCode, answer.SoFar());
        }
        catch (IOException e)
        {
            throw ErrorCatalogue.CredentialStoreFailed.Error($"{what} gave an answer that cannot be read: {DisplayText.Excerpt(e.Message)}", e);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw ErrorCatalogue.CredentialStoreFailed.Error($"{what} did not end within {timeLimit.TotalSeconds:0.#} seconds and was stopped.", e);
        }
        finally
        {
            await KillAsync(process).ConfigureAwait(false);
            Forget(output, errors, input);
        }
    }

    private static Process Start(string path, string verb, string what)
    {
        ProcessStartInfo start = new(path)
        {
            UseShellExecute = false,
            CreateNoWindow = true,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            // not the current folder: whatever the helper loads or starts by name must not come from there
            WorkingDirectory = Path.GetPathRoot(path) ?? "",
        };
        start.ArgumentList.Add(verb);
        try
        {
            return Process.Start(start) ?? throw new InvalidOperationException("no process was started");
        }
        catch (Exception e) when (e is Win32Exception or InvalidOperationException or IOException or UnauthorizedAccessException)
        {
            throw ErrorCatalogue.CredentialStoreFailed.Error($"{what} cannot be started: {DisplayText.Excerpt(e.Message)}", e);
        }
    }

    // Pipes of a process are read by blocking calls, also through their asynchronous methods; threads of their own keep a helper that
    // hangs from holding threads of the pool.
    private static Task<T> Aside<T>(Func<T> work) =>
        Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach, TaskScheduler.Default);

    private static bool Drop(Stream stream)
    {
        using (stream)
        {
            Span<byte> buffer = stackalloc byte[4096];
            while (stream.Read(buffer) > 0) { }
            return true;
        }
    }

    private static bool Write(Stream stream, string text)
    {
        try
        {
            using (stream) stream.Write(Encoding.UTF8.GetBytes(text));
            return true;
        }
        catch (IOException)
        {
            // a helper that does not read its input says all it has to say with its answer
            return false;
        }
    }

    private static async Task KillAsync(Process process)
    {
        try
        {
            if (process.HasExited) return;
            process.Kill(entireProcessTree: true);
            using CancellationTokenSource patience = new(s_killTime);
            await process.WaitForExitAsync(patience.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is InvalidOperationException or Win32Exception or AggregateException or OperationCanceledException or NotSupportedException)
        {
            // it ended by itself in the meantime, or cannot be killed; the caller has its answer either way
        }
    }

    private static void Forget(params ReadOnlySpan<Task> tasks)
    {
        foreach (Task task in tasks)
            _ = task.ContinueWith(static t => _ = t.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
    }

    private static OciException TooMuch(string what) =>
        ErrorCatalogue.CredentialStoreFailed.Error($"{what} wrote more than {Limits.CredentialDocument} bytes and was stopped.");
}
