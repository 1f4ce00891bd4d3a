<#
.SYNOPSIS
    Writes what images are made of as JSON, for another program to read. Sizes are numbers of bytes, dates are in ISO 8601.
.EXAMPLE
    Get-ImageTag registry.example.com/app | ./Export-ImageReport.ps1 | Set-Content report.json
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory, Position = 0, ValueFromPipeline, ValueFromPipelineByPropertyName)] [string[]] $Image
)
begin {
    Import-Module OciTools
    $rows = [Collections.Generic.List[object]]::new()
}
process {
    foreach ($name in $Image) {
        $manifest = Get-ImageManifest $name -Platform linux/amd64
        $config = Get-ImageConfig $name -Platform linux/amd64
        if (-not $manifest -or -not $config) { continue } # the error says why
        $rows.Add([ordered]@{
                image    = $name
                digest   = $manifest.Digest
                imageId  = $config.ImageId
                platform = "$($config.Platform)"
                created  = $config.Created ? $config.Created.ToUniversalTime().ToString('o') : $null
                user     = $config.User
                labels   = $config.Labels
                layers   = @($manifest | Get-ImageLayer | ForEach-Object { [ordered]@{ digest = $_.Digest; size = $_.Size; createdBy = $_.CreatedBy } })
            })
    }
}
end { ConvertTo-Json -InputObject @($rows) -Depth 6 }
