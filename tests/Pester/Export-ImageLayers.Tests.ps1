BeforeDiscovery {
    . (Join-Path $PSScriptRoot 'lib' 'Peers.ps1')
    $app = @(Get-AppPlace)
    $multi = @(Get-MultiPlace)
    $single = @(Get-SinglePlace)
}
BeforeAll {
    . (Join-Path $PSScriptRoot 'lib' 'Peers.ps1')
    function New-Folder { (New-Item -ItemType Directory (Join-Path $TestDrive ([guid]::NewGuid().ToString('n')))).FullName }
}

Describe 'Export-ImageLayers' {
    It 'writes the layers of <Place> as stored, and sha256sum proves them' -ForEach ($single + $multi) {
        Skip-Without Registry, $Key
        $folder = New-Folder
        $exported = @(Export-ImageLayers $Name -Platform linux/amd64 -Destination $folder)
        $peer = (Get-PeerChild $Peer amd64).layers
        $exported.Digest | Should -Be $peer.digest
        $exported.Size | Should -Be $peer.size
        @($exported.Path | ForEach-Object { Get-FileSha256 $_ }) | Should -Be $peer.digest
        @(Get-ChildItem $folder -Force).Count | Should -Be $peer.Count
    }

    It 'writes the tars of the image in <Place>, and sha256sum proves the diff ids' -ForEach $app {
        Skip-Without App, $Key
        $exported = @(Export-ImageLayers $Name -Destination (New-Folder) -Uncompressed)
        $diffIds = @(docker image inspect -f '{{join .RootFS.Layers "\n"}}' fixture/app:1.0)
        $exported.DiffId | Should -Be $diffIds
        @($exported.Path | ForEach-Object { Get-FileSha256 $_ }) | Should -Be $diffIds
        foreach ($file in $exported) {
            $null = tar -tf $file.Path
            $LASTEXITCODE | Should -Be 0
        }
    }

    It 'inflates the layers of <Place>' -ForEach ($single + $multi) {
        Skip-Without Registry, $Key
        $exported = @(Export-ImageLayers $Name -Platform linux/amd64 -Destination (New-Folder) -Uncompressed)
        @($exported.Path | ForEach-Object { Get-FileSha256 $_ }) | Should -Be (Get-PeerConfig $Peer amd64).rootfs.diff_ids
    }

    It 'writes just the layers that the pipeline brings' {
        Skip-Without App
        $folder = New-Folder
        $large = (Get-PeerRaw "docker://$($World.Registry)/fixture/app:1.0").layers | Where-Object { $_.size -gt 500KB }
        $exported = Get-ImageLayer "$($World.Registry)/fixture/app:1.0" | Where-Object Size -GT 500KB | Export-ImageLayers -Destination $folder
        $exported.Digest | Should -Be $large.digest
        @(Get-ChildItem $folder).Count | Should -Be @($large).Count
    }

    It 'takes layers by index and by digest' {
        $layers = @(Get-ImageLayer $World.Sample -Platform linux/amd64)
        (Export-ImageLayers $World.Sample -Platform linux/amd64 -Layer 2, $layers[0].Digest -Destination (New-Folder)).Digest | Sort-Object |
            Should -Be @($layers[0, 2].Digest | Sort-Object)
    }

    It 'is also called Export-ImageLayer' {
        (Get-Alias Export-ImageLayer).Definition | Should -BeExactly 'Export-ImageLayers'
    }

    It 'keeps files that are there, unless -Force' {
        $folder = New-Folder
        $first = @(Export-ImageLayers $World.Sample -Platform linux/amd64 -Layer 0 -Destination $folder)[0]
        Set-Content $first.Path 'mine'
        Export-ImageLayers $World.Sample -Platform linux/amd64 -Layer 0 -Destination $folder -ErrorAction SilentlyContinue -ErrorVariable failure | Should -BeNullOrEmpty
        $failure.FullyQualifiedErrorId | Should -BeExactly 'FileExists,OciTools.Commands.ExportImageLayersCommand'
        Get-Content $first.Path | Should -BeExactly 'mine'
        Export-ImageLayers $World.Sample -Platform linux/amd64 -Layer 0 -Destination $folder -Force
        Get-FileSha256 $first.Path | Should -BeExactly $first.Digest
    }

    It 'writes nothing with -WhatIf, and says what it would write' {
        $folder = New-Folder
        $said = Get-WhatIf "Export-ImageLayers '$($World.Sample)' -Platform linux/amd64 -Destination '$folder' -WhatIf"
        @($said -match 'What if:').Count | Should -BeGreaterOrEqual 1
        Get-ChildItem $folder -Force | Should -BeNullOrEmpty
    }

    It 'leaves nothing behind of a layer whose bytes are wrong' {
        $layout = Join-Path $TestDrive 'damaged'
        $layer = New-DamagedSample $layout
        $folder = New-Folder
        $exported = @(Export-ImageLayers $layout -Platform linux/amd64 -Destination $folder -ErrorAction SilentlyContinue -ErrorVariable failure)
        $failure.FullyQualifiedErrorId | Should -BeExactly 'DigestMismatch,OciTools.Commands.ExportImageLayersCommand'
        $exported.Digest | Should -Not -Contain $layer.digest
        foreach ($file in Get-ChildItem $folder -Force) {
            # what is there is whole and has its final name
            $file.Name | Should -Match ('^sha256-' + (Get-FileSha256 $file.FullName).Substring(7))
        }
        Get-ChildItem $folder -Filter "*$($layer.digest.Substring(7))*" -Force | Should -BeNullOrEmpty
    }

    Context '-Flatten' {
        It 'writes one tar that GNU tar reads: what docker exports' {
            Skip-Without App
            $file = Join-Path $TestDrive 'flat.tar'
            $result = Export-ImageLayers "$($World.Registry)/fixture/app:1.0" -Flatten -Destination $file
            $result.Path | Should -BeExactly $file
            $result.Digest | Should -BeExactly (Get-FileSha256 $file)
            $result.Size | Should -Be (Get-Item $file).Length
            $names = tar -tf $file
            $names | Should -Contain 'srv/data/two.txt'
            $names | Should -Not -Contain 'srv/data/one.txt'
            $names | Where-Object { $_ -match '\.wh\.' } | Should -BeNullOrEmpty
            tar -xOf $file srv/data/motd | Should -BeExactly 'welcome'
        }
        It 'gives the same bytes for the same image, wherever it lies' {
            Skip-Without App
            $files = foreach ($name in "$($World.Registry)/fixture/app:1.0", "docker-archive:$($World.SaveArchive)", 'docker-daemon:fixture/app:1.0') {
                Export-ImageLayers $name -Flatten -Destination (Join-Path $TestDrive ([guid]::NewGuid().ToString('n') + '.tar'))
            }
            @($files.Digest | Sort-Object -Unique).Count | Should -Be 1
        }
        It 'takes a folder too, and does not replace unasked' {
            $folder = (New-Item -ItemType Directory (Join-Path $TestDrive 'flat')).FullName
            $result = Export-ImageLayers "oci:$($World.Sample):1.0" -Flatten -Destination $folder
            Split-Path $result.Path | Should -BeExactly $folder
            Export-ImageLayers "oci:$($World.Sample):1.0" -Flatten -Destination $folder -ErrorVariable errors -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
            $errors[0].FullyQualifiedErrorId | Should -BeLike 'FileExists,*'
            (Export-ImageLayers "oci:$($World.Sample):1.0" -Flatten -Destination $folder -Force).Digest | Should -BeExactly $result.Digest
            @(Get-ChildItem $folder -Force).Count | Should -Be 1
        }
    }
}
