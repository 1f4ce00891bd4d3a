using OciTools.Operations;

namespace OciTools.Commands;

/// <summary>The work of a cmdlet for one image.</summary>
internal delegate Task ImageWork(ImageInspector inspector, ImageLocation image, PipelineItem item, CancellationToken cancellationToken);
