BeforeAll {
    . (Join-Path $PSScriptRoot 'lib' 'Peers.ps1')

    # An OCI layout with one image per name; blobs named in -Without are left out.
    function New-Layout([string[]] $Name, [string[]] $Layer, [string[]] $Without = @()) {
        $layout = Join-Path $TestDrive ([guid]::NewGuid().ToString('n'))
        $blobs = (New-Item -ItemType Directory (Join-Path $layout 'blobs' 'sha256')).FullName
        function Add-Blob([string] $Type, [string] $Text, [hashtable] $More = @{}) {
            $file = Join-Path $blobs 'new'
            [IO.File]::WriteAllText($file, $Text)
            $hash = (Get-FileSha256 $file).Substring(7)
            if ($Text -in $Without) { Remove-Item $file } else { Move-Item $file (Join-Path $blobs $hash) -Force }
            @{ mediaType = "application/vnd.oci.image.$Type"; digest = "sha256:$hash"; size = [Text.Encoding]::UTF8.GetByteCount($Text) } + $More
        }
        $layers = @($Layer | ForEach-Object { Add-Blob layer.v1.tar $_ })
        $entries = foreach ($one in $Name) {
            $config = Add-Blob config.v1+json (@{ os = 'linux'; architecture = 'amd64'; author = $one; rootfs = @{ type = 'layers'; diff_ids = @($layers.digest) } } | ConvertTo-Json -Depth 9)
            $manifest = @{ schemaVersion = 2; config = $config; layers = $layers } | ConvertTo-Json -Depth 9
            Add-Blob manifest.v1+json $manifest @{ annotations = @{ 'org.opencontainers.image.ref.name' = $one } }
        }
        [IO.File]::WriteAllText((Join-Path $layout 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}')
        [IO.File]::WriteAllText((Join-Path $layout 'index.json'), (@{ schemaVersion = 2; manifests = @($entries) } | ConvertTo-Json -Depth 9))
        $layout
    }
}

Describe 'Images that are broken or meant to break' {
    It 'takes a shared layer from the image that has it, whichever comes first' {
        $broken = New-Layout one 'own', 'shared' -Without 'shared'
        $whole = New-Layout one 'other', 'shared'
        foreach ($order in @($broken, $whole), @($whole, $broken)) {
            $folder = Join-Path $TestDrive ([guid]::NewGuid().ToString('n'))
            $exported = @($order | ForEach-Object { "oci:$_" } | Export-ImageLayers -Destination $folder -ThrottleLimit 1 -ErrorAction SilentlyContinue -ErrorVariable failures)
            @($exported | Where-Object Image -Like "oci:$whole*").Count | Should -Be 2
            @($failures).Count | Should -BeLessOrEqual 1
            @(Get-ChildItem $folder -Force).Count | Should -Be 3
        }
    }

    It 'reports every layer that fails and gives every layer that does not' {
        $layout = New-Layout one 'a', 'b', 'c', 'd' -Without 'b', 'c'
        $exported = @(Export-ImageLayers "oci:$layout" -Destination (Join-Path $TestDrive 'some') -ErrorAction SilentlyContinue -ErrorVariable failures)
        $exported.Layer | Should -Be 0, 3
        $failures.FullyQualifiedErrorId | Should -Be (@('BlobNotFound,OciTools.Commands.ExportImageLayersCommand') * 2)
    }

    It 'lists the images of a layout past one that is not whole' {
        $layout = New-Layout first, second, third 'a'
        $second = (Get-ImageManifest "oci:${layout}:second").Config.Digest
        Remove-Item (Join-Path $layout 'blobs' 'sha256' $second.Substring(7))
        $images = @(Get-Image -LiteralPath $layout -WarningAction SilentlyContinue -WarningVariable warnings)
        $images.Tag | Should -Be 'first', 'second', 'third'
        $images[1].ImageId | Should -BeNullOrEmpty
        @($warnings).Count | Should -Be 1
        "$warnings" | Should -BeLike '*second*'
    }

    It 'writes the first of several images to -OutFile, not whichever is found first' {
        $layout = New-Layout first, second, third 'a'
        $expected = Get-ImageDigest "oci:${layout}:first"
        foreach ($round in 1..5) {
            $file = Join-Path $TestDrive "round$round.json"
            'first', 'second', 'third' | ForEach-Object { "oci:${layout}:$_" } | Get-ImageManifest -OutFile $file -ErrorAction SilentlyContinue -ErrorVariable failures
            @($failures).Count | Should -Be 2
            Get-FileSha256 $file | Should -BeExactly $expected.Digest
        }
    }

    It 'does not put a file in the place of a pipe' -Skip:($IsWindows) {
        $layout = New-Layout one 'a'
        $pipe = Join-Path $TestDrive 'pipe'
        mkfifo $pipe
        Get-ImageManifest "oci:$layout" -OutFile $pipe -Force -ErrorAction SilentlyContinue -ErrorVariable failure
        $failure.FullyQualifiedErrorId | Should -BeExactly 'WriteFailed,OciTools.Commands.GetImageManifestCommand'
        test -p $pipe
        $LASTEXITCODE | Should -Be 0
    }

    It 'says that <Pattern> is no pattern' -ForEach @{ Pattern = '[' }, @{ Pattern = 'a[]' } {
        $layout = New-Layout one 'a'
        { Get-Image $Pattern -LiteralPath $layout } | Should -Throw -ErrorId 'InvalidImageName,OciTools.Commands.GetImageCommand'
    }
}
