<#
.SYNOPSIS
    Audits the images of several hosts by PowerShell remoting over SSH; every object says which host it comes from.
.DESCRIPTION
    Each host needs PowerShell as a subsystem of its SSH server, and this module.
.EXAMPLE
    ./Get-RemoteImage.ps1 host1, host2 | Where-Object User -in '', 'root', '0'
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory, Position = 0)] [string[]] $HostName,

    # What is looked at on each host: the names of images there, the local engine's by default.
    [string[]] $Image,

    [hashtable] $Options = @{}
)
Import-Module OciTools

$sessions = $HostName | ForEach-Object { New-PSSession -HostName $_ -Options $Options }
try {
    Invoke-Command -Session $sessions -ArgumentList (, $Image) -ScriptBlock {
        param([string[]] $Image)
        Import-Module OciTools
        $names = $Image ? $Image : (Get-Image).Image
        $names | Get-ImageConfig | Select-Object Image, ImageId, Platform, Created, User, Entrypoint, Cmd, Labels
    }
}
finally { $sessions | Remove-PSSession }
