using System.Diagnostics;
using OciTools.UnitTests.Support;

namespace OciTools.UnitTests.Stores;

/// <summary>A process of its own that copies an image into a layout, for tests that watch it from outside.</summary>
public sealed class StoreChild
{
    private const string Source = "OCITOOLS_TEST_CHILD_SOURCE";
    private const string Target = "OCITOOLS_TEST_CHILD_TARGET";

    /// <summary>Copies, in the child. Run by itself it has nothing to do.</summary>
    [Fact(Explicit = true)]
    public async Task Copies_what_it_is_told()
    {
        if (Environment.GetEnvironmentVariable(Source) is not { } source || Environment.GetEnvironmentVariable(Target) is not { } target) return;
        string says;
        try
        {
            await Copies.CopyAsync(source, target);
            says = "copied";
        }
        catch (OciException e)
        {
            says = e.ErrorId;
        }

        while (!TrySay(target, says))
        {
        }
    }

    // the call that is made to fail may be this one; it fails once
    private static bool TrySay(string target, string says)
    {
        try
        {
            File.WriteAllText(TargetSays(target), says);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Runs the child under strace, which writes what it sees into a file.</summary>
    /// <returns>What the copy ended with: <c>copied</c> or the id of its error; null where the process did not get so far.</returns>
    internal static string? Run(string source, string target, string log, params string[] strace)
    {
        File.Delete(TargetSays(target));
        ProcessStartInfo start = new("strace") { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (string argument in new[] { "-f", "--seccomp-bpf", "-qq", "-o", log }.Concat(strace)) start.ArgumentList.Add(argument);
        foreach (string argument in new[] { Environment.ProcessPath!, "-explicit", "only", "-method", $"{typeof(StoreChild).FullName}.{nameof(Copies_what_it_is_told)}", "-noColor" })
            start.ArgumentList.Add(argument);
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
        {
            int at = start.ArgumentList.IndexOf(Environment.ProcessPath!) + 1;
            start.ArgumentList.Insert(at, typeof(StoreChild).Assembly.Location);
            start.ArgumentList.Insert(at, "exec");
        }

        start.Environment[Source] = source;
        start.Environment[Target] = target;
        using Process process = Tool.Start(start);
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        process.WaitForExit();
        _ = output.Result + errors.Result;
        return File.Exists(TargetSays(target)) ? File.ReadAllText(TargetSays(target)) : null;
    }

    private static string TargetSays(string target) => ImageLocation.Parse(target).Path + ".says";
}
