# The package installs as every module does, and works from where it was installed.
BeforeAll {
    . (Join-Path $PSScriptRoot 'lib' 'Peers.ps1')
    $folder = (New-Item -ItemType Directory (Join-Path $World.Folder ([guid]::NewGuid().ToString('N')))).FullName
    $null = New-Item -ItemType Directory "$folder/packed", "$folder/feed", "$folder/home", "$folder/saved"
    Compress-PSResource -Path $World.ModulePath -DestinationPath "$folder/packed"
    $package = Get-ChildItem "$folder/packed" -Filter *.nupkg

    # a process with a home of its own, so that nothing of this one is found
    function Invoke-AtHome([string] $Script) {
        $before = $env:HOME, $env:XDG_DATA_HOME, $env:PSModulePath
        try {
            $env:HOME = "$folder/home"
            $env:XDG_DATA_HOME = $env:PSModulePath = $null
            Invoke-FreshPwsh $Script
        }
        finally { $env:HOME, $env:XDG_DATA_HOME, $env:PSModulePath = $before }
    }
}

Describe 'The package' {
    It 'has the name and version of the module, and nothing of PowerShell' {
        $package.Name | Should -Be "OciTools.$(Split-Path -Leaf $World.ModulePath).nupkg"
        $zip = [IO.Compression.ZipFile]::OpenRead($package.FullName)
        try { $names = $zip.Entries.FullName } finally { $zip.Dispose() }
        $names | Should -Not -Match 'System\.Management\.Automation|PowerShellStandard|\.pdb$|\.deps\.json$'
        foreach ($name in 'OciTools.psd1', 'OciTools.dll', 'OciTools.Cmdlets.dll', 'LICENSE', 'THIRD-PARTY-NOTICES.txt', 'en-US/OciTools.Cmdlets.dll-Help.xml', 'en-US/about_OciTools.help.txt') { $names | Should -Contain $name }
    }

    It 'names every package that it brings, with its licence' {
        $notices = Get-Content -Raw (Join-Path $World.ModulePath THIRD-PARTY-NOTICES.txt)
        $files = @(Get-ChildItem (Join-Path $World.ModulePath Dependencies) -Filter *.dll | Where-Object Name -NotLike 'OciTools.*')
        $files.BaseName | Should -Contain 'Polly.Core'
        foreach ($file in $files) { $notices | Should -Match "(?m)^$([regex]::Escape($file.BaseName))(\.Port)? \d\S*, licence (MIT|BSD-3-Clause)" }
    }

    It 'has a manifest that is in order' {
        $warnings = $null
        (Test-ModuleManifest (Join-Path $World.ModulePath OciTools.psd1) -WarningVariable warnings).Version | Should -Be (Split-Path -Leaf $World.ModulePath)
        $warnings | Should -BeNullOrEmpty
    }

    It 'is published, installed and saved, and does its work from there' {
        $output = Invoke-AtHome @"
`$ErrorActionPreference = 'Stop'
Register-PSResourceRepository -Name feed -Uri '$folder/feed' -Trusted
Publish-PSResource -NupkgPath '$($package.FullName)' -Repository feed
Install-PSResource OciTools -Repository feed -Quiet
Save-PSResource OciTools -Repository feed -Path '$folder/saved' -Quiet
"@
        $output | Should -BeNullOrEmpty
        $work = "@(Get-ImageDigest 'oci:$($World.Sample):1.0'; Get-ImageLayer 'oci:$($World.Sample):1.0' -Platform linux/amd64; Test-Image 'oci:$($World.Sample):1.0').Count, (Get-Module OciTools).ModuleBase, (Get-Help Get-ImageLayer).Synopsis"
        $layers = @((Get-PeerChild "oci:$($World.Sample):1.0").layers).Count
        $installed = Invoke-AtHome "`$ErrorActionPreference = 'Stop'`n$work"
        [int]$installed[0] | Should -Be ($layers + 2) -Because 'the cmdlets are found by their names alone'
        $installed[1] | Should -BeLike "$folder/home/*"
        $installed[2] | Should -Be 'Gets the layers of an image, the lowest first.'
        $saved = Invoke-AtHome "`$ErrorActionPreference = 'Stop'`nImport-Module '$folder/saved/OciTools'`n$work"
        [int]$saved[0] | Should -Be ($layers + 2)
        $saved[1] | Should -BeLike "$folder/saved/*"
    }
}
