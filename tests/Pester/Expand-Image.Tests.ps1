BeforeDiscovery {
    . (Join-Path $PSScriptRoot 'lib' 'Peers.ps1')
    $single = @(Get-SinglePlace | Where-Object Key -NE ZstdLayout) # umoci 0.4 does not read zstd
    $app = @(Get-AppPlace)
}
BeforeAll {
    . (Join-Path $PSScriptRoot 'lib' 'Peers.ps1')
    function New-Place { Join-Path (New-Item -ItemType Directory (Join-Path $TestDrive ([guid]::NewGuid().ToString('n')))).FullName 'root' }

    # Every path with type, mode, owner, time, size, links to it and link text as GNU find tells them, and the hash of each content.
    # A directory that no layer has an entry for has the time at which it was made.
    function Get-Tree([string] $Path, [string[]] $Timeless = @()) {
        sh -c 'cd "$1" && find . -printf "%P|%y|%m|%U:%G|%T@|%n|%l\n" | LC_ALL=C sort; find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum' sh $Path |
            ForEach-Object { $fields = $_ -split '\|'; if ("/$($fields[0])" -in $Timeless) { $fields[4] = '' }; $fields -join '|' }
    }
    function Get-PeerTree([string] $Peer, [string[]] $Timeless) {
        $layout = Join-Path $TestDrive ([guid]::NewGuid().ToString('n'))
        $bundle = "$layout.bundle"
        $null = skopeo --insecure-policy --override-arch amd64 copy -q --src-tls-verify=false $Peer "oci:${layout}:x"
        $null = umoci unpack --image "${layout}:x" $bundle 2>&1
        Get-Tree (Join-Path $bundle 'rootfs') $Timeless
    }
}

Describe 'Expand-Image' {
    It 'writes the tree that umoci unpack writes, from <Place>' -ForEach $single {
        Skip-Without Registry, $Key
        $path = New-Place
        $result = Expand-Image $Name -Destination $path -Platform linux/amd64
        $result.SkippedCount | Should -Be 0
        $implied = @('/') + @(Get-ImageFile $Name -Platform linux/amd64 | Where-Object Layer -EQ $null).FilePath
        Get-Tree $path $implied | Should -Be (Get-PeerTree $Peer $implied)
        $result.Files | Should -BeGreaterThan 0
        $result.Path | Should -BeExactly $path
        $result.Directories | Should -Be @(find $path -type d).Count
    }

    It 'writes the same tree out of <Place>' -ForEach $app {
        Skip-Without Registry, App, $Key
        $path = New-Place
        $null = Expand-Image $Name -Destination $path
        $implied = @('/') + @(Get-ImageFile $Name | Where-Object Layer -EQ $null).FilePath
        if (-not $World['ExpandedApp']) { $World.ExpandedApp = Get-Tree $path $implied }
        Get-Tree $path $implied | Should -Be $World.ExpandedApp
    }

    It 'takes only the part that is named' {
        $path = New-Place
        $image = "oci:$($World.Sample):1.0"
        $file = @(Get-ImageFile $image -Platform linux/amd64 | Where-Object Type -EQ File)[0]
        $result = Expand-Image $image -Platform linux/amd64 -Destination $path -FilePath $file.FilePath
        $result.Files | Should -Be 1
        Get-Content -Raw (Join-Path $path $file.FilePath) | Should -BeExactly (Get-ImageContent $image $file.FilePath -Platform linux/amd64 -Raw)
    }

    It 'takes the files that Get-ImageFile finds into one directory' {
        $path = New-Place
        $image = "oci:$($World.Sample):1.0"
        $files = @(Get-ImageFile $image -Platform linux/amd64 | Where-Object Type -EQ File)
        $result = $files | Expand-Image -Platform linux/amd64 -Destination $path
        @($result).Count | Should -Be 1
        $result.Files | Should -Be $files.Count
        @(Get-ChildItem $path -Recurse -File -Force).Count | Should -Be $files.Count
    }

    It 'takes one image only' {
        $path = New-Place
        $result = @("oci:$($World.Sample):1.0", 'oci:/nowhere:2' | Expand-Image -Platform linux/amd64 -Destination $path -ErrorAction SilentlyContinue -ErrorVariable failure)
        $result.Count | Should -Be 1
        $failure.FullyQualifiedErrorId | Should -BeExactly 'FileExists,OciTools.Commands.ExpandImageCommand'
        $failure[0].TargetObject | Should -BeExactly 'oci:/nowhere:2'
    }

    It 'replaces with -Force what it made, and nothing else' {
        $path = New-Place
        $null = Expand-Image $World.Sample -Platform linux/amd64 -Destination $path
        Set-Content (Join-Path $path 'added') 'x'
        Expand-Image $World.Sample -Platform linux/amd64 -Destination $path -ErrorAction SilentlyContinue -ErrorVariable failure | Should -BeNullOrEmpty
        $failure.FullyQualifiedErrorId | Should -BeExactly 'FileExists,OciTools.Commands.ExpandImageCommand'
        Join-Path $path 'added' | Should -Exist
        $null = Expand-Image $World.Sample -Platform linux/amd64 -Destination $path -Force
        Join-Path $path 'added' | Should -Not -Exist
        $other = New-Place
        $null = New-Item -ItemType Directory $other
        Set-Content (Join-Path $other 'mine') 'x'
        Expand-Image $World.Sample -Platform linux/amd64 -Destination $other -Force -ErrorAction SilentlyContinue -ErrorVariable failure | Should -BeNullOrEmpty
        $failure.FullyQualifiedErrorId | Should -BeExactly 'NotMadeByOciTools,OciTools.Commands.ExpandImageCommand'
        (Get-ChildItem $other -Force).Name | Should -Be 'mine'
        (Get-ChildItem (Split-Path $other) -Force).Name | Should -Be 'root'
    }

    It 'is an error for a file that the image does not have, and leaves nothing' {
        $path = New-Place
        Expand-Image $World.Sample -Platform linux/amd64 -Destination $path -LiteralFilePath '/etc/*' -ErrorAction SilentlyContinue -ErrorVariable failure | Should -BeNullOrEmpty
        $failure.FullyQualifiedErrorId | Should -BeExactly 'FileNotFound,OciTools.Commands.ExpandImageCommand'
        Get-ChildItem (Split-Path $path) -Force | Should -BeNullOrEmpty
    }

    It 'writes nothing with -WhatIf, and says what it would write' {
        $path = New-Place
        $said = Get-WhatIf "Expand-Image '$($World.Sample)' -Platform linux/amd64 -Destination '$path' -WhatIf"
        @($said -match 'What if:').Count | Should -Be 1
        $said -join '' | Should -Match ([regex]::Escape($path))
        Get-ChildItem (Split-Path $path) -Force | Should -BeNullOrEmpty
    }

    It 'leaves nothing behind of an image whose bytes are wrong' {
        $layout = Join-Path $TestDrive 'damaged'
        $null = New-DamagedSample $layout
        $path = New-Place
        Expand-Image $layout -Platform linux/amd64 -Destination $path -ErrorAction SilentlyContinue -ErrorVariable failure | Should -BeNullOrEmpty
        # a changed bit may make the compressed bytes impossible before the digest shows it
        $failure.FullyQualifiedErrorId -replace ',.*' | Should -BeIn 'DigestMismatch', 'MalformedContent'
        Get-ChildItem (Split-Path $path) -Force | Should -BeNullOrEmpty
    }

    It 'says as an ordinary user that the files belong to him' {
        if ($IsWindows -or (id -u) -ne '0' -or -not (Get-Command setpriv -CommandType Application -ErrorAction Ignore)) { Set-ItResult -Skipped -Because 'it needs root and setpriv' }
        $folder = '/tmp/' + [guid]::NewGuid().ToString('n')
        try {
            $null = New-Item -ItemType Directory $folder
            Copy-Item -Recurse $World.ModulePath (Join-Path $folder 'OciTools')
            Copy-Item -Recurse $World.Sample (Join-Path $folder 'sample')
            $null = chown -R 65534:65534 $folder
            $null = chmod -R a+rX $folder
            $script = "Import-Module $folder/OciTools/OciTools.psd1; Expand-Image $folder/sample -Platform linux/amd64 -Destination $folder/root | ForEach-Object { `$_.HasOwners; `$_.Files }"
            $start = @(Get-PwshCommand)
            $said = @(env HOME=$folder DOTNET_CLI_HOME=$folder setpriv --reuid 65534 --regid 65534 --clear-groups @start -NoProfile -NonInteractive -Command $script 2>&1)
            if ("$said" -match 'denied|not exist') { Set-ItResult -Skipped -Because "another user cannot run this PowerShell: $said" }
            $said[0] | Should -Be 'False'
            [int]$said[1] | Should -BeGreaterThan 0
            @(find "$folder/root" '!' -user 65534).Count | Should -Be 0
        }
        finally { Remove-Item -Recurse -Force $folder }
    }
}
