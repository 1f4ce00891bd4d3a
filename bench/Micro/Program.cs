using System.Globalization;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using OciTools.MicroBenchmarks;

// In this process: nothing is generated and compiled at the time of measuring.
ManualConfig config = ManualConfig.CreateEmpty()
    .AddJob(Job.ShortRun.WithIterationCount(5).WithToolchain(InProcessEmitToolchain.Instance))
    .AddDiagnoser(MemoryDiagnoser.Default)
    .AddColumnProvider(BenchmarkDotNet.Columns.DefaultColumnProviders.Instance)
    .AddLogger(ConsoleLogger.Default)
    .WithArtifactsPath(Path.Combine(AppContext.BaseDirectory, "results"));

// one line for each, when all are done: the name, nanoseconds and allocated bytes for each operation
List<string> lines = [];
foreach (Type type in (Type[])[typeof(DigestBenchmarks), typeof(ReferenceBenchmarks), typeof(TarBenchmarks), typeof(TreeBenchmarks)])
{
    foreach (BenchmarkReport report in BenchmarkRunner.Run(type, config).Reports)
    {
        if (report.ResultStatistics is not { } statistics) return 1;
        lines.Add(string.Create(CultureInfo.InvariantCulture,
            $"figure\t{type.Name}.{report.BenchmarkCase.Descriptor.WorkloadMethod.Name}\t{statistics.Median}\t{report.GcStats.GetBytesAllocatedPerOperation(report.BenchmarkCase)}"));
    }
}

foreach (string line in lines) Console.WriteLine(line);
return 0;
