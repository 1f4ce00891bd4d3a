namespace OciTools.Commands;

/// <summary>What the pump needs of a cmdlet; called on the pipeline thread only.</summary>
internal interface IPipelineWriter
{
    void Write(PipelineMessage message);

    bool Ask(PipelineQuestion question);
}
