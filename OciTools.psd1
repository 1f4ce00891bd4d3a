@{
    RootModule           = 'OciTools.Cmdlets.dll'
    RequiredAssemblies   = @('OciTools.dll')
    # build.ps1 stamps the version of Directory.Build.props here.
    ModuleVersion        = '0.0.0'
    GUID                 = '8d3cb30d-f561-408a-a658-403fe42f7020'
    Author               = 'The OciTools contributors'
    CompanyName          = 'The OciTools contributors'
    Copyright            = '(c) The OciTools contributors. MIT License.'
    Description          = 'Container images as PowerShell objects: manifests, digests, configs, histories, layers and sizes of images in a registry, a Docker or Podman engine, an OCI layout or an archive. No daemon where none is needed.'
    PowerShellVersion    = '7.6'
    CompatiblePSEditions = @('Core')
    TypesToProcess       = @('OciTools.Types.ps1xml')
    FormatsToProcess     = @('OciTools.Tables.Format.ps1xml', 'OciTools.Lists.Format.ps1xml')
    CmdletsToExport      = @(
        'Add-ImageTag'
        'Clear-ImageStore'
        'Compare-Image'
        'Connect-ImageRegistry'
        'Copy-Image'
        'Disconnect-ImageRegistry'
        'Expand-Image'
        'Export-ImageLayers'
        'Get-Image'
        'Get-ImageConfig'
        'Get-ImageContent'
        'Get-ImageDigest'
        'Get-ImageFile'
        'Get-ImageHistory'
        'Get-ImageLayer'
        'Get-ImageManifest'
        'Get-ImageReferrer'
        'Get-ImageRegistry'
        'Get-ImageRepository'
        'Get-ImageTag'
        'Get-LayerSize'
        'Measure-Image'
        'New-ImageIndex'
        'Remove-Image'
        'Test-Image'
    )
    AliasesToExport      = @('Export-ImageLayer')
    FunctionsToExport    = @()
    VariablesToExport    = @()
    PrivateData          = @{
        PSData = @{
            Tags = @('Container', 'Docker', 'OCI', 'Image', 'Registry', 'Podman', 'Layer', 'Digest', 'Manifest', 'PSEdition_Core', 'Windows', 'Linux', 'MacOS')
        }
    }
}
